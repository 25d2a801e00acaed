/** Styles that a page's script imports are built into a file beside it. */
declare module "*.css";
