// A certificate authority of one's own, good for this machine's loopback names and nothing else, and the
// server certificate it signs. Both are kept in the state folder and made anew a month before they end.
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DAYS = 365;
const RENEW_DAYS_BEFORE_END = 30;

// Whoever imports the authority into a browser or a system cannot be fooled about any other name.
const CONFIG = `
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:localhost, permitted;IP:127.0.0.1/255.255.255.255, permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
`;

const openssl = (folder, ...args) => {
  try {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    if (error.code === "ENOENT") throw new Error("the program openssl is missing: apt-get install openssl");
    throw new Error(`openssl ${args[0]} failed: ${error.stderr}`);
  }
};

const isUsable = (folder) => {
  const files = ["ca.pem", "server.pem", "server-key.pem"].map((name) => join(folder, name));
  if (!files.every((file) => existsSync(file))) return false;
  const authority = new X509Certificate(readFileSync(files[0]));
  const server = new X509Certificate(readFileSync(files[1]));
  const end = Math.min(Date.parse(authority.validTo), Date.parse(server.validTo));
  return end > Date.now() + RENEW_DAYS_BEFORE_END * 86_400_000 && server.verify(authority.publicKey);
};

const make = (folder) => {
  writeFileSync(join(folder, "openssl.cnf"), CONFIG);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const days = ["-days", String(DAYS), "-config", "openssl.cnf"];
  openssl(
    folder,
    "req",
    "-x509",
    ...key,
    ...days,
    "-extensions",
    "ca",
    "-subj",
    "/CN=heddle local cloud, this machine only",
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.pem",
  );
  openssl(
    folder,
    "req",
    "-x509",
    ...key,
    ...days,
    "-extensions",
    "server",
    "-subj",
    "/CN=localhost",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca-key.pem",
    "-keyout",
    "server-key.pem",
    "-out",
    "server.pem",
  );
  for (const name of ["ca-key.pem", "server-key.pem"]) chmodSync(join(folder, name), 0o600);
};

/** {cert, key, caFile, spkiHash}. `folder` exists and is this user's. */
export const certificates = (folder) => {
  if (!isUsable(folder)) make(folder);
  const cert = readFileSync(join(folder, "server.pem"));
  const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return {
    cert,
    key: readFileSync(join(folder, "server-key.pem")),
    caFile: join(folder, "ca.pem"),
    spkiHash: createHash("sha256").update(spki).digest("base64"),
  };
};
