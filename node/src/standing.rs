//! Says in the log how this node stands with the others, whenever that becomes otherwise.

use crate::app::AppState;
use easel_cluster::Status;

/// What is worth a line when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    node: u64,
    term: u64,
    leader: Option<u64>,
    has_quorum: bool,
    in_touch: bool,
    is_alone: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Leads { leader: u64, term: u64 },
    NobodyLeads,
    NoMajority,
    Majority,
    OutOfTouch,
    InTouch,
}

/// Until the node ends.
pub(crate) async fn watch(app: AppState) {
    let mut node = app.node.clone();
    let mut before = Standing::of(&node.borrow_and_update());
    if let (Some(leader), false) = (before.leader, before.is_alone) {
        let term = before.term;
        Line::Leads { leader, term }.say();
    }
    while node.changed().await.is_ok() {
        let after = Standing::of(&node.borrow_and_update());
        for line in lines(&before, &after) {
            line.say();
        }
        before = after;
    }
}

impl Standing {
    fn of(status: &Status) -> Self {
        Self {
            node: status.node_id,
            term: status.term,
            leader: status.leader,
            has_quorum: status.has_quorum,
            in_touch: status.in_touch,
            is_alone: status.members.len() < 2,
        }
    }
}

fn lines(before: &Standing, after: &Standing) -> Vec<Line> {
    let mut lines = Vec::new();
    // What a node that is alone says of itself at its start is all there is to say.
    if before.is_alone && after.is_alone {
        return lines;
    }
    match (before.leader, after.leader) {
        (_, Some(leader))
            if before.leader != after.leader || before.term != after.term || before.is_alone =>
        {
            let term = after.term;
            lines.push(Line::Leads { leader, term });
        }
        (Some(_), None) => lines.push(Line::NobodyLeads),
        _ => {}
    }
    match (before.has_quorum, after.has_quorum) {
        (true, false) if after.leader == Some(after.node) => lines.push(Line::NoMajority),
        (false, true) if before.leader == Some(before.node) => lines.push(Line::Majority),
        _ => {}
    }
    match (before.in_touch, after.in_touch) {
        (true, false) => lines.push(Line::OutOfTouch),
        (false, true) => lines.push(Line::InTouch),
        _ => {}
    }
    lines
}

impl Line {
    fn say(&self) {
        match self {
            Self::Leads { leader, term } => tracing::info!(leader, term, "a node leads"),
            Self::NobodyLeads => tracing::warn!("no node leads: nothing can be saved"),
            Self::NoMajority => {
                tracing::warn!("this node leads and hears from no majority: nothing can be saved");
            }
            Self::Majority => tracing::info!("a majority is there again"),
            Self::OutOfTouch => tracing::warn!(
                "this node does not know any more what the others know; requests get 503 replica-behind until it does"
            ),
            Self::InTouch => tracing::info!("this node knows again what the others know"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Standing, lines};

    const USUAL: Standing = Standing {
        node: 1,
        term: 3,
        leader: Some(2),
        has_quorum: true,
        in_touch: true,
        is_alone: false,
    };

    #[test]
    fn each_change_is_said_once() {
        let elsewhere = Standing {
            leader: Some(3),
            term: 4,
            ..USUAL
        };
        let led_here = Standing {
            leader: Some(1),
            ..USUAL
        };
        let cut_off = Standing {
            has_quorum: false,
            ..led_here.clone()
        };
        let alone = Standing {
            leader: Some(1),
            is_alone: true,
            ..USUAL
        };
        let nobody = Standing {
            leader: None,
            has_quorum: false,
            ..USUAL
        };
        let behind = Standing {
            in_touch: false,
            ..USUAL
        };
        let leads = |leader, term| Line::Leads { leader, term };
        for (before, after, expected) in [
            (&USUAL, &USUAL, vec![]),
            (&USUAL, &elsewhere, vec![leads(3, 4)]),
            (&USUAL, &nobody, vec![Line::NobodyLeads]),
            (&nobody, &USUAL, vec![leads(2, 3)]),
            (&led_here, &cut_off, vec![Line::NoMajority]),
            (&cut_off, &led_here, vec![Line::Majority]),
            (&USUAL, &behind, vec![Line::OutOfTouch]),
            (&behind, &USUAL, vec![Line::InTouch]),
            (&alone, &alone, vec![]),
            (&alone, &led_here, vec![leads(1, 3)]),
        ] {
            assert_eq!(lines(before, after), expected, "{before:?} -> {after:?}");
        }
    }
}
