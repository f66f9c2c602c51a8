//! What a person finds on a page: links, forms, headings, JSON. By searching the text: the pages are ours.

use std::collections::BTreeMap;

/// A form with what is filled in already.
#[derive(Debug)]
pub struct Form {
    pub post: bool,
    pub action: String,
    pub fields: BTreeMap<String, String>,
}

/// Where the link with this text leads.
pub fn link(html: &str, text: &str) -> Option<String> {
    let (before, _) = html.split_once(&format!(">{text}</a>"))?;
    attribute(&before[before.rfind("<a ")?..], "href")
}

/// The page's forms, in order.
pub fn forms(html: &str) -> Vec<Form> {
    html.split("<form").skip(1).map(form).collect()
}

fn form(html: &str) -> Form {
    let (tag, rest) = html.split_once('>').unwrap();
    let content = rest.split("</form>").next().unwrap();
    let inputs = content.split("<input").skip(1).filter_map(|input| {
        let tag = input.split('>').next().unwrap();
        Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
    });
    Form {
        post: attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
        action: attribute(tag, "action").unwrap_or_default(),
        fields: inputs.collect(),
    }
}

/// Whether a script sends the first form as soon as the page is there.
pub fn posts_itself(html: &str) -> bool {
    ["document.forms[0].submit()", ".submit.call(document.forms[0])"].iter().any(|script| html.contains(script))
}

/// The text of the first element of this name.
pub fn text(html: &str, element: &str) -> Option<String> {
    let rest = html.split_once(&format!("<{element}>"))?.1;
    Some(unescape(rest.split_once(&format!("</{element}>"))?.0))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1;
    Some(unescape(value.split('"').next()?))
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#123;", "{")];
    // Last, so that nothing is unescaped twice.
    named
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<h1>Hello &amp; &lt;you&gt;</h1><a class="quiet" href="/a?b=1&amp;c=2">Go</a>
<form method="post" action="/send"><input type="hidden" name="xsrf" value="x&quot;y"/><input name="user"></form><form action="/find"></form>"#;

    #[test]
    fn the_page_parser_of_the_scenarios_finds_each_kind_of_element() {
        assert_eq!(link(PAGE, "Go").as_deref(), Some("/a?b=1&c=2"));
        assert_eq!(link(PAGE, "Gone"), None);
        assert_eq!(text(PAGE, "h1").as_deref(), Some("Hello & <you>"));
        let forms = forms(PAGE);
        assert!(forms[0].post && !forms[1].post);
        assert_eq!((forms[0].action.as_str(), forms[0].fields["xsrf"].as_str()), ("/send", "x\"y"));
        assert_eq!(forms[0].fields["user"], "");
        assert!(!posts_itself(PAGE));
    }
}
