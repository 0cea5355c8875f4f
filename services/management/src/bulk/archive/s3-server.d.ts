// The kept successor of s3rver brings no types; its interface is still that of its forerunner.
declare module "@20minutes/s3rver" {
  export { default } from "s3rver";
}
