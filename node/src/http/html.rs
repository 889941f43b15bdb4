//! The few pages that the server writes itself. Plain, since the strict content policy allows no inline style.

/// A page of one heading and some paragraphs. Of what is passed in only `base`, where the boards are, is taken as markup.
pub(crate) fn page(base: &str, title: &str, paragraphs: &[&str]) -> String {
    let title = escape(title);
    let body: String = paragraphs
        .iter()
        .map(|text| format!("<p>{}</p>\n", escape(text)))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · Easel</title>\n</head>\n\
         <body>\n<h1>{title}</h1>\n{body}<p><a href=\"{base}/\">Boards</a></p>\n</body>\n</html>\n"
    )
}

pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
