import { cookies } from "next/headers";
import { auth0 } from "./auth0";
import { localIdentityCookie, readLocalIdentity } from "./local-identity";

/** Who is using the app. */
export interface Identity {
  kind: "auth0" | "local";
  id: string;
  name: string;
}

/** null: nobody has logged in yet. */
export async function currentIdentity(): Promise<Identity | null> {
  const login = auth0();
  if (login) {
    const session = await login.getSession();
    if (!session) return null;
    const { sub, name, email } = session.user;
    return { kind: "auth0", id: sub, name: name || email || sub };
  }
  const local = readLocalIdentity((await cookies()).get(localIdentityCookie)?.value);
  return local && { kind: "local", ...local };
}
