//! The loader and the frame's first script in a real browser, against a server that the test itself is: nothing here needs the product's
//! binary, so every way in which a server can fail is one line.

mod attributes;
mod covers;
mod failures;
mod imports;
mod leaks;
mod messages;
mod policy;
mod stage;
mod strangers;
mod theme;
