//! The committed TypeScript file is the one that the schema writes.

use std::path::Path;

use easel_board::schema::typescript;

#[test]
fn the_browsers_types_are_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/core/schema.gen.ts");
    let wanted = typescript();
    if std::env::var_os("EASEL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is stale: run this test with EASEL_BLESS=1",
        path.display()
    );
}
