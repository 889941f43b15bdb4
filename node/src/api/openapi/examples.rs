//! Bodies to begin with.

use serde_json::{Value, json};

pub(super) fn add(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let Some(example) = of(id) else {
        return;
    };
    if let Some(Value::Object(contents)) = operation.pointer_mut("/requestBody/content") {
        for content in contents.values_mut() {
            content["example"] = example.clone();
        }
    }
}

fn of(id: &str) -> Option<Value> {
    let password = "four unrelated plain words";
    Some(match id {
        "auth_login" => json!({ "email": "ada@example.org", "password": password }),
        "auth_reauth" => json!({ "password": password }),
        "me_change" => json!({ "name": "Ada" }),
        "settings_change" => json!({ "theme": "dark" }),
        "tokens_create" => json!({
            "name": "Backup", "scopes": ["boards:read", "elements:read"],
            "expires_at": "2027-01-01T00:00:00Z",
        }),
        "boards_create" | "boards_change" => json!({ "title": "Plan" }),
        "copies_create" => json!({ "title": "Plan B" }),
        "members_put" => json!({ "role": "editor" }),
        "sharing_change" => json!({ "access": "workspace", "workspace_role": "viewer" }),
        "links_create" => json!({ "role": "viewer", "label": "For the meeting" }),
        "links_change" => json!({ "label": null }),
        "links_open" | "cluster_leader_transfer" => json!({}),
        "cluster_join_tokens_create" => json!({ "minutes": 30 }),
        "cluster_members_promote" => json!({ "node": 2 }),
        "guests_name" => json!({ "display_name": "Grace" }),
        "invitations_create" => json!({ "role": "editor", "email": "grace@example.org" }),
        "requests_create" => json!({ "role": "viewer", "message": "May I look?" }),
        _ => return None,
    })
}
