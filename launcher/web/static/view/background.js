// What stands behind the avatar: the page's own colour, one of the user's, a picture, or nothing at all.

export const BACKGROUNDS = ["page", "colour", "picture", "none"];

/** Show `background` ({ kind, colour }) behind `element`'s canvas. pictureUrl: where the picture is. */
export function showBackground(element, { kind, colour }, pictureUrl) {
  element.dataset.background = kind;
  // Set through the object model: the content policy forbids style attributes.
  element.style.backgroundColor = kind === "colour" ? colour : "";
  element.style.backgroundImage = kind === "picture" && pictureUrl ? `url("${pictureUrl}")` : "";
}
