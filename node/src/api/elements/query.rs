//! Which elements are wanted, and what of them.

use crate::api::dates::Dates;
use crate::api::query::Params;
use crate::api::time;
use crate::app::App;
use crate::http::problem::{Code, Problem};
use axum::http::Uri;
use easel_board::json::Object;
use easel_board::schema::is_element_id;
use easel_storage::BoardId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
const FIELDS_MAX: usize = 32;

#[derive(Debug)]
pub(super) struct ListQuery {
    pub(super) filter: Filter,
    pub(super) fields: Option<Vec<String>>,
    /// `None`: as many as the form of the answer gives by itself.
    pub(super) limit: Option<usize>,
    pub(super) after: Option<Place>,
    /// All that decides the list, in one order.
    words: Vec<(&'static str, String)>,
    question: String,
}

/// Where an element stands among the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) z: String,
    pub(super) id: String,
}

#[derive(Debug, Default)]
pub(super) struct Filter {
    kind: Option<String>,
    parent: Option<Parent>,
    bbox: Option<[f64; 4]>,
    author: Option<String>,
    /// In ms since the Unix epoch.
    updated_since: Option<u64>,
}

#[derive(Debug)]
enum Parent {
    /// Those that lie in nothing.
    None,
    Element(String),
}

impl ListQuery {
    pub(super) fn parse(app: &App, board: BoardId, uri: &Uri) -> Result<ListQuery, Problem> {
        let mut params = Params::of(uri)?;
        let mut words = Vec::new();
        for name in [
            "type",
            "parent",
            "bbox",
            "author",
            "updated_since",
            "fields",
        ] {
            if let Some(word) = params.take::<String>(name, "is text")? {
                words.push((name, word));
            }
        }
        let limit = params.take("limit", "is a number from 1 to 200")?;
        let cursor = params.take::<String>("cursor", "is a cursor")?;
        params.finish()?;
        if limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
            return Err(bad("the parameter limit is a number from 1 to 200"));
        }
        let word = |name: &str| {
            let found = words.iter().find(|(known, _)| *known == name);
            found.map(|(_, word)| word.as_str())
        };
        let filter = Filter {
            kind: word("type").map(str::to_owned),
            parent: word("parent").map(parent).transpose()?,
            bbox: word("bbox").map(bbox).transpose()?,
            author: word("author").map(str::to_owned),
            updated_since: word("updated_since").map(moment).transpose()?,
        };
        let fields = word("fields").map(fields).transpose()?;
        let said = words.iter().map(|(name, word)| format!("{name}={word}"));
        let said: Vec<_> = said.collect();
        let question = format!("elements {board} {}", said.join(" "));
        let after = cursor.map(|cursor| app.cursors.read(&question, &cursor));
        Ok(ListQuery {
            filter,
            fields,
            limit,
            after: after.transpose()?,
            words,
            question,
        })
    }

    pub(super) fn page(&self) -> usize {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }

    pub(super) fn cursor(&self, app: &App, last: &Place) -> String {
        app.cursors.write(&self.question, last)
    }

    pub(super) fn url(&self, app: &App, board: BoardId, cursor: &str) -> String {
        let limit = self.page();
        let mut url = app.url(&format!("/api/v1/boards/{board}/elements?limit={limit}"));
        for (name, word) in &self.words {
            url.push_str(&format!(
                "&{name}={}",
                crate::api::boards::percent_encoded(word)
            ));
        }
        url.push_str(&format!("&cursor={cursor}"));
        url
    }

    /// What of an element is wanted; its id in any case.
    pub(super) fn thinned(&self, mut element: Object) -> Value {
        if let Some(fields) = &self.fields {
            element.retain(|name, _| name == "id" || fields.iter().any(|field| field == name));
        }
        Value::Object(element)
    }
}

impl Filter {
    pub(super) fn takes(&self, element: &Object, dates: &Dates) -> bool {
        let is = |name: &str, wanted: &Option<String>| {
            let found = element.get(name).and_then(Value::as_str);
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let lies = element.get("parent").and_then(Value::as_str);
        is("type", &self.kind)
            && is("by", &self.author)
            && match &self.parent {
                None => true,
                Some(Parent::None) => lies.is_none(),
                Some(Parent::Element(id)) => lies == Some(id.as_str()),
            }
            && self.bbox.is_none_or(|bbox| touches(element, bbox))
            && self.updated_since.is_none_or(|since| {
                let id = element.get("id").and_then(Value::as_str);
                let dated = id.and_then(|id| dates.of(id));
                dated.is_none_or(|dated| dated.is_since(since))
            })
    }
}

/// Whether the element's box, turned as it is, reaches into this rectangle.
fn touches(element: &Object, [x1, y1, x2, y2]: [f64; 4]) -> bool {
    let Some(Value::Array(numbers)) = element.get("box") else {
        return false;
    };
    let numbers: Vec<f64> = numbers.iter().filter_map(Value::as_f64).collect();
    let [x, y, w, h, angle] = numbers[..] else {
        return false;
    };
    let (sin, cos) = (angle.sin().abs(), angle.cos().abs());
    let (half_w, half_h) = ((w * cos + h * sin) / 2.0, (w * sin + h * cos) / 2.0);
    let (mid_x, mid_y) = (x + w / 2.0, y + h / 2.0);
    mid_x - half_w <= x2 && mid_x + half_w >= x1 && mid_y - half_h <= y2 && mid_y + half_h >= y1
}

fn parent(word: &str) -> Result<Parent, Problem> {
    match word {
        "none" => Ok(Parent::None),
        id if is_element_id(id) => Ok(Parent::Element(id.to_owned())),
        _ => Err(bad("the parameter parent is the id of an element or none")),
    }
}

fn bbox(word: &str) -> Result<[f64; 4], Problem> {
    let numbers = word.split(',').map(|number| number.trim().parse::<f64>());
    let numbers: Vec<f64> = numbers.filter_map(Result::ok).collect();
    match numbers[..] {
        [x1, y1, x2, y2]
            if numbers.iter().all(|n| n.is_finite()) && word.split(',').count() == 4 =>
        {
            Ok([x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)])
        }
        _ => Err(bad("the parameter bbox is four numbers: x1,y1,x2,y2")),
    }
}

fn moment(word: &str) -> Result<u64, Problem> {
    let ms = time::parse_rfc3339(word);
    ms.ok_or_else(|| bad("the parameter updated_since is a time, as in RFC 3339"))
}

fn fields(word: &str) -> Result<Vec<String>, Problem> {
    let fields: Vec<String> = word.split(',').map(|name| name.trim().to_owned()).collect();
    match fields.len() <= FIELDS_MAX {
        true => Ok(fields),
        false => Err(bad("the parameter fields names 32 members at most")),
    }
}

fn bad(detail: &str) -> Problem {
    Problem::new(Code::BadQuery).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::{bbox, touches};
    use serde_json::{Value, json};

    #[test]
    fn a_turned_box_reaches_as_far_as_its_corners() {
        let reaches = |at: [f64; 5], bbox| match json!({ "box": at }) {
            Value::Object(element) => touches(&element, bbox),
            _ => false,
        };
        let flat = [0.0, 0.0, 100.0, 10.0, 0.0];
        let upright = [0.0, 0.0, 100.0, 10.0, std::f64::consts::FRAC_PI_2];
        assert!(reaches(flat, [90.0, 0.0, 95.0, 5.0]));
        assert!(!reaches(upright, [90.0, 0.0, 95.0, 5.0]));
        assert!(reaches(upright, [48.0, -40.0, 49.0, -30.0]));
        assert!(!reaches(flat, [48.0, -40.0, 49.0, -30.0]));
    }

    #[test]
    fn four_numbers_in_either_order() {
        assert_eq!(bbox("3, 4,1,2").unwrap(), [1.0, 2.0, 3.0, 4.0]);
        for wrong in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,x",
            "1,2,3,NaN",
            "1,2,x,3,4",
        ] {
            assert!(bbox(wrong).is_err(), "{wrong}");
        }
    }
}
