//! Deleting backups that are not wanted any more, and what only they had.

use super::opened::{self, list};
use super::place::Place;
use super::{BackupError, Manifest};
use crate::api::time::parse_rfc3339;
use easel_storage::Time;
use easel_storage::blobs::BlobHash;
use serde::Serialize;
use std::collections::HashSet;
use std::time::Duration;

/// Which are not wanted: those that both rules give up. The newest always stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// So many, the newest, stay.
    pub(crate) keep: Option<usize>,
    /// Younger ones stay.
    pub(crate) older_than: Option<Duration>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pruned {
    pub(crate) deleted: Vec<String>,
    pub(crate) kept: u64,
    /// Given back, beside the manifests.
    pub(crate) freed_bytes: u64,
    /// Backups that cannot be read, for whose sake nothing they may need was deleted.
    pub(crate) unreadable: Vec<String>,
}

/// Deletes what the rule gives up.
pub(crate) fn prune(place: &Place, rule: Rule, now: Time) -> Result<Pruned, BackupError> {
    let mut readable = Vec::new();
    let mut pruned = Pruned::default();
    for (id, manifest) in list(place)? {
        match manifest {
            Ok(manifest) => readable.push(manifest),
            Err(BackupError::Unreadable { .. }) => pruned.unreadable.push(id),
            Err(error) => return Err(error),
        }
    }
    let made: Vec<_> = readable.iter().map(made_at).collect();
    let (gone, kept): (Vec<_>, Vec<_>) = readable
        .into_iter()
        .zip(unwanted(&made, rule, now))
        .partition(|(_, unwanted)| *unwanted);
    // First, so that no backup is ever there of which something is gone.
    for (manifest, _) in &gone {
        place.go_on()?;
        place.delete_manifest(&manifest.id)?;
        pruned.deleted.push(manifest.id.clone());
    }
    pruned.kept = kept.len() as u64;
    if !pruned.unreadable.is_empty() {
        return Ok(pruned);
    }
    let mut needed = HashSet::new();
    for (manifest, _) in &kept {
        let parts = match opened::parts(place, manifest) {
            Ok(parts) => parts,
            Err(BackupError::Damaged { .. }) => {
                pruned.unreadable.push(manifest.id.clone());
                return Ok(pruned);
            }
            Err(error) => return Err(error),
        };
        needed.extend(parts.each().map(|blob| blob.hash));
        needed.extend(manifest.parts.blake3.parse::<BlobHash>().ok());
    }
    let mut idle = Vec::new();
    place.blobs.each(&mut |blob| {
        if !needed.contains(&blob.hash) {
            idle.push(blob);
        }
    })?;
    for blob in idle {
        place.go_on()?;
        place.blobs.delete(blob.hash)?;
        pruned.freed_bytes += blob.len;
    }
    Ok(pruned)
}

fn made_at(manifest: &Manifest) -> Time {
    // One without a time is as old as can be; its checksum says that it was written so.
    Time(parse_rfc3339(&manifest.made_at).unwrap_or_default())
}

/// Of backups by age, the oldest first: which the rule gives up.
fn unwanted(made: &[Time], rule: Rule, now: Time) -> Vec<bool> {
    let is_old = |at: Time| match rule.older_than {
        Some(age) => u128::from(now.0.saturating_sub(at.0)) > age.as_millis(),
        None => rule.keep.is_some(),
    };
    let keep = rule.keep.unwrap_or(1).max(1);
    let beyond = made.len().saturating_sub(keep);
    made.iter()
        .enumerate()
        .map(|(nth, at)| nth < beyond && is_old(*at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Rule, unwanted};
    use easel_storage::Time;
    use std::time::Duration;

    #[test]
    fn a_rule_gives_up_what_is_old_and_too_much_and_never_the_newest() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let rule = |keep, older_than| Rule { keep, older_than };
        // Made 1 to 5 hours ago, the oldest first.
        let now = Time(10 * 3_600_000);
        let made: Vec<_> = (1..=5)
            .rev()
            .map(|ago| Time((10 - ago) * 3_600_000))
            .collect();
        for (rule, expected) in [
            (rule(None, None), "....."),
            (rule(Some(2), None), "xxx.."),
            (rule(Some(9), None), "....."),
            (rule(Some(0), None), "xxxx."),
            (rule(None, Some(hours(3))), "xx..."),
            (rule(None, Some(Duration::ZERO)), "xxxx."),
            (rule(Some(4), Some(hours(3))), "x...."),
            (rule(Some(2), Some(hours(4))), "x...."),
        ] {
            let told: String = unwanted(&made, rule, now)
                .into_iter()
                .map(|unwanted| if unwanted { 'x' } else { '.' })
                .collect();
            assert_eq!(told, expected, "{rule:?}");
        }
        assert!(unwanted(&[], rule(Some(1), None), now).is_empty());
    }
}
