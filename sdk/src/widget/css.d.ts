/** The build turns a style sheet into its compressed text. */
declare module "*.css" {
  const text: string;
  export default text;
}
