//! What the shop sells.

use super::orders::Order;

/// A book of the shop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Book {
    /// Its name in forms and addresses.
    pub(super) slug: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// Who wrote it.
    pub(super) author: &'static str,
    /// A line about it.
    pub(super) about: &'static str,
    /// A paragraph about it.
    pub(super) description: &'static str,
    /// How it is made.
    pub(super) binding: &'static str,
    /// Integer minor units of [`super::shop::CURRENCY`].
    pub(super) price: u64,
    /// Its cover, SVG.
    pub(super) cover: &'static str,
}

/// How many copies one order may hold.
pub(super) const MOST_COPIES: u64 = 5;

/// The catalogue.
pub(super) const BOOKS: [Book; 6] = [
    Book {
        slug: "small-coins",
        title: "A History of Small Coins",
        author: "Edith Penrose",
        about: "From the obol to the farthing: four centuries of change.",
        description: "Kings put their faces on gold; everybody else paid in copper. Edith Penrose follows the smallest \
                      coins from the market to the mint and back, and finds out who was short-changed on the way.",
        binding: "Paperback, 264 pages, 31 plates",
        price: 1000,
        cover: include_str!("../../../../www/demo/covers/small-coins.svg"),
    },
    Book {
        slug: "ledgers",
        title: "Ledgers That Balance",
        author: "Tomás O’Dea",
        about: "Double entry for people who would rather be reading.",
        description: "Every debit has its credit, and every chapter its story. The only book on accounts that was ever \
                      left on a train by someone who then went back for it.",
        binding: "Cloth, 312 pages, two ribbons",
        price: 2450,
        cover: include_str!("../../../../www/demo/covers/ledgers.svg"),
    },
    Book {
        slug: "mint-marks",
        title: "The Mint Mark Pocket Guide",
        author: "R. A. Quill",
        about: "Fits a pocket; so does its price.",
        description: "Which mint struck the coin in your hand? Four hundred marks, drawn at twice their size, in the \
                      order in which one meets them: most worn first.",
        binding: "Stapled, 48 pages",
        price: 99,
        cover: include_str!("../../../../www/demo/covers/mint-marks.svg"),
    },
    Book {
        slug: "halfpenny-kitchen",
        title: "The Halfpenny Kitchen",
        author: "Marguerite Faye",
        about: "Ninety dinners that cost next to nothing.",
        description: "Soup from what is left, bread from what is there, and a pudding that needs neither eggs nor \
                      luck. Written in a rented room with one ring; tested there too.",
        binding: "Paperback, 208 pages, wipeable",
        price: 1895,
        cover: include_str!("../../../../www/demo/covers/halfpenny-kitchen.svg"),
    },
    Book {
        slug: "counting-house",
        title: "The Counting House Murders",
        author: "C. J. Thrale",
        about: "Someone is cooking the books. Someone else is next.",
        description: "London, 1868. The figures agree, and that is what is wrong with them. Inspector Marl cannot \
                      add; his landlady can, and she has read the cash book to the last page.",
        binding: "Paperback, 340 pages",
        price: 1450,
        cover: include_str!("../../../../www/demo/covers/counting-house.svg"),
    },
    Book {
        slug: "pocket-money",
        title: "Pocket Money and Other Poems",
        author: "Inés Larkspur",
        about: "Forty poems about having, owing and giving.",
        description: "Short poems for short queues: on lost buttons, lent umbrellas and the last coin in a coat that \
                      was already given away.",
        binding: "Paperback, 72 pages, sewn",
        price: 1295,
        cover: include_str!("../../../../www/demo/covers/pocket-money.svg"),
    },
];

/// The book of this name.
pub(super) fn find(slug: &str) -> Option<Book> {
    BOOKS.into_iter().find(|book| book.slug == slug)
}

/// The book that was ordered. Orders of earlier versions name only the title.
pub(super) fn of(order: &Order) -> Option<Book> {
    find(&order.book).or_else(|| BOOKS.into_iter().find(|book| book.title == order.title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_book_has_its_own_name_title_and_cover() {
        for (index, book) in BOOKS.iter().enumerate() {
            for other in &BOOKS[index + 1..] {
                assert_ne!(book.slug, other.slug);
                assert_ne!(book.title, other.title);
                assert_ne!(book.cover, other.cover);
            }
            assert_eq!(find(book.slug).map(|found| found.title), Some(book.title));
        }
    }

    #[test]
    fn a_cover_loads_nothing_and_runs_nothing() {
        for book in BOOKS {
            assert!(book.cover.starts_with("<svg "), "{}", book.slug);
            for forbidden in ["<script", "<style", "href", "url(", " on", " style="] {
                assert!(!book.cover.contains(forbidden), "{}: {forbidden}", book.slug);
            }
        }
    }

    #[test]
    fn the_most_copies_of_the_dearest_book_are_a_modest_sum() {
        for book in BOOKS {
            assert!(book.price > 0 && book.price * MOST_COPIES < 20_000, "{}", book.slug);
        }
    }
}
