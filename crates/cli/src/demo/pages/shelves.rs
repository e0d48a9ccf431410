//! Where books are looked at: all of them, and one.

use super::super::books::{BOOKS, Book, MOST_COPIES};
use super::super::html::{Html, text};
use super::{Page, View, test_cards};

/// `/`
pub(in super::super) fn home(view: &View<'_>, orders: &[String]) -> String {
    let books = BOOKS.iter().map(|book| {
        Html::raw(format!(
            "<li><a class=\"jacket\" href=\"{link}\" tabindex=\"-1\" aria-hidden=\"true\">{cover}</a>\
             <h3><a href=\"{link}\">{title}</a></h3><p class=\"author\">{author}</p><p class=\"about soft\">{about}</p>\
             <form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"book\" value=\"{slug}\">\
             <span class=\"price\">{price}</span><button type=\"submit\" aria-label=\"Buy {title}\">Buy</button></form></li>",
            link = view.link(&format!("/book/{}", book.slug)),
            cover = view.cover(book.slug),
            title = text(book.title),
            author = text(book.author),
            about = text(book.about),
            action = view.link("/orders"),
            slug = text(book.slug),
            price = text(&view.price(book.price)),
        ))
    });
    let main = Html::raw(format!(
        "<div class=\"hero\"><h1>Books about small change</h1>\
         <p>Six titles from a very small press. Pay on the shop’s own page, with a test card.</p></div>\
         <h2 class=\"unseen\">All books</h2><ul class=\"books\">{}</ul><div class=\"pair\">{}{}</div>",
        Html::all(books),
        test_cards(),
        past_orders(view, orders)
    ));
    view.page(&Page { title: "Books", path: "/", refresh: None, head: Html::default(), main })
}

fn past_orders(view: &View<'_>, orders: &[String]) -> Html {
    if orders.is_empty() {
        return Html::default();
    }
    let items = orders.iter().map(|id| {
        let link = view.link(&format!("/order/{id}"));
        Html::raw(format!("<li><a href=\"{link}\">{}</a></li>", text(id)))
    });
    Html::raw(format!(
        "<section class=\"panel past\" aria-labelledby=\"past\"><h2 id=\"past\">Orders so far</h2><ul>{}</ul></section>",
        Html::all(items)
    ))
}

/// `/book/{slug}`
pub(in super::super) fn book(view: &View<'_>, book: &Book) -> String {
    let copies = (1..=MOST_COPIES)
        .map(|copies| Html::raw(format!("<option value=\"{copies}\">{copies}</option>")));
    let main = Html::raw(format!(
        "<p class=\"trail\"><a href=\"{home}\">All books</a></p>\
         <article class=\"book\"><div class=\"jacket\">{cover}</div><div>\
         <h1>{title}</h1><p class=\"author\">{author}</p><p class=\"lead\">{about}</p><p>{description}</p>\
         <p class=\"soft\">{binding}. In stock, posted within two days. Postage is free.</p>\
         <form class=\"buy\" method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"book\" value=\"{slug}\">\
         <p class=\"price big\">{price}</p>\
         <label class=\"copies\">Copies <select name=\"copies\">{copies}</select></label>\
         <div class=\"buttons\"><button type=\"submit\">Buy</button>\
         <button type=\"submit\" name=\"guest\" value=\"yes\" class=\"plain\">Buy as a guest</button></div>\
         <p class=\"soft\">“Buy” uses the address of Ada Reader, who is signed in. A guest is asked for everything at the checkout.</p>\
         </form></div></article>",
        home = view.link("/"),
        cover = view.cover(book.slug),
        title = text(book.title),
        author = text(book.author),
        about = text(book.about),
        description = text(book.description),
        binding = text(book.binding),
        action = view.link("/orders"),
        slug = text(book.slug),
        price = text(&view.price(book.price)),
        copies = Html::all(copies),
    ));
    let path = format!("/book/{}", book.slug);
    view.page(&Page { title: book.title, path: &path, refresh: None, head: Html::default(), main })
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_view;
    use super::super::{TEST_CARDS, Theme};
    use super::*;

    #[test]
    fn the_first_page_lists_every_book_and_the_test_cards() {
        let html = with_view(Theme::Auto, |view| home(&view, &["FB-1".to_owned()]));
        for book in BOOKS {
            assert!(html.contains(book.title));
        }
        assert!(html.contains("href=\"/order/FB-1\""));
        for (number, _) in TEST_CARDS {
            assert!(html.contains(number));
        }
    }

    #[test]
    fn a_book_can_be_bought_with_an_address_on_file_and_without() {
        let html = with_view(Theme::Auto, |view| book(&view, &BOOKS[1]));
        assert!(html.contains("<button type=\"submit\">Buy</button>"));
        assert!(html.contains("name=\"guest\" value=\"yes\""));
        assert!(html.contains("<option value=\"5\">"));
    }
}
