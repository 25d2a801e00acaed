/** What the widget's page and the frame of its preview say to each other. */
export type PreviewMessage =
  /** The frame can be told how the widget looks. */
  | { readonly type: "ready" }
  /** Attributes by the names of their properties; those that are not named are taken away. */
  | { readonly type: "settings"; readonly settings: Readonly<Record<string, string>> }
  /** To the frame: open or close the panel. From it: so it is now. */
  | { readonly type: "panel"; readonly open: boolean };
