//! The page that shows all pictures: one row per scene.

use std::fmt::Write as _;

use farthing_stories::pose::Pose;

/// One picture.
#[derive(Debug)]
pub(crate) struct Picture {
    /// Of what.
    pub(crate) scene: String,
    /// Looked at how.
    pub(crate) pose: Pose,
    /// The file, beside the page.
    pub(crate) file: String,
}

const STYLE: &str = "
    body { margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; background: #e7eaef; color: #17202e }
    h2 { margin: 3rem 0 1rem; font-size: 1.125rem }
    div { display: flex; gap: 1rem; align-items: start; overflow-x: auto }
    figure { flex: none; margin: 0 }
    img { display: block; border: 1px solid #b9c1cd; max-width: none }
    figcaption { font-size: .8125rem }";

/// All pictures, at half their size.
pub(crate) fn html(pictures: &[Picture]) -> String {
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Farthing: every state</title><style>{STYLE}</style><h1>Every state</h1>"
    );
    for row in pictures.chunk_by(|one, next| one.scene == next.scene) {
        if let Some(first) = row.first() {
            let _ = write!(html, "<h2>{}</h2><div>", first.scene);
        }
        for Picture { scene, pose, file } in row {
            let (name, width) = (pose.name(), pose.width / 2);
            let _ = write!(
                html,
                "<figure><a href=\"{file}\"><img src=\"{file}\" width=\"{width}\" alt=\"{scene}, {name}\" loading=\"lazy\"></a><figcaption>{name}</figcaption></figure>"
            );
        }
        html.push_str("</div>\n");
    }
    html.push_str("</html>\n");
    html
}
