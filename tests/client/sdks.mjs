// The SDKs whose useStream is driven: those that the two versions of the Auth0 sample pin, and a new one.
import "./page.mjs"; // React looks for a DOM when it is loaded
import { Client as Client109 } from "sdk-0";
import { Client as Client112 } from "sdk-0-112";
import { Client as Client115 } from "sdk-1";
import { useStream as useStream109 } from "sdk-0/react";
import { useStream as useStream112 } from "sdk-0-112/react";
import { useStream as useStream115 } from "sdk-1/react";

export const sdks = [
  { version: "0.0.109", Client: Client109, useStream: useStream109 },
  { version: "0.0.112", Client: Client112, useStream: useStream112 },
  { version: "1.15.0", Client: Client115, useStream: useStream115 },
];
