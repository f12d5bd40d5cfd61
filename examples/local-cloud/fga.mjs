// The stand-in for the store of an FGA server with the model of the sample:
// type doc: owner: [user], viewer: [user, user:*], can_view: owner or viewer.
import { Refusal } from "./service.mjs";
import { nowSeconds } from "./tenant/state.mjs";

export const STORE_ID = "01LOCALCLOUDSTORE000000000";
export const FGA_AUDIENCE = "https://api.us1.fga.dev/";
const CHECKS_MAX = 50; // of one batch, as the real one
const TUPLES_MAX = 10_000;
const ASSIGNABLE = ["owner", "viewer"];

const CODES = {
  400: "validation_error",
  401: "unauthenticated",
  404: "undefined_endpoint",
  405: "undefined_endpoint",
  429: "rate_limit_exceeded",
};
export const fgaRefusal = (status, message = `status ${status} of the local store`) => ({
  code: CODES[status] ?? "internal_error",
  message,
});
const bad = (message) => new Refusal(400, fgaRefusal(400, message));

const keyOf = ({ user, relation, object }) => `${user} ${relation} ${object}`;

export class Tuples {
  #held = new Set();

  write(tuple) {
    if (this.#held.size >= TUPLES_MAX) throw bad("the store is full");
    this.#held.add(keyOf(tuple));
  }

  remove(tuple) {
    return this.#held.delete(keyOf(tuple));
  }

  has(tuple) {
    return this.#held.has(keyOf(tuple));
  }

  clear() {
    this.#held.clear();
  }

  list() {
    return [...this.#held].map((key) => key.split(" ")).map(([user, relation, object]) => ({ user, relation, object }));
  }
}

const checked = (tuple) => {
  const { user, relation, object } = tuple ?? {};
  if (!/^user:\S+$/.test(user ?? "")) throw bad(`user "${user}" is not of the form user:ID`);
  if (!/^doc:\S+$/.test(object ?? "")) throw bad(`object "${object}" is not of the form doc:ID`);
  if (![...ASSIGNABLE, "can_view"].includes(relation)) throw bad(`relation "${relation}" is not one of doc`);
  return { user, relation, object };
};

/** `keys` and `issuer` of the tenant that gives the tokens. */
export const fgaRoutes = (tenant, tuples) => {
  const authorized = ({ headers, params }) => {
    const claims = tenant.keys.claims(/^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]);
    if (!claims || claims.gty !== "client-credentials" || claims.exp <= nowSeconds() || claims.aud !== FGA_AUDIENCE) {
      throw new Refusal(401, fgaRefusal(401, "the token is missing, expired or for somebody else"));
    }
    if (params.store !== STORE_ID)
      throw new Refusal(404, { code: "store_id_not_found", message: "there is no such store" });
  };

  const allowed = (tuple, contextual = []) => {
    const { user, relation, object } = checked(tuple);
    const relations = relation === "can_view" ? ASSIGNABLE : [relation];
    return relations.some((one) =>
      [{ user, relation: one, object }, ...(one === "viewer" ? [{ user: "user:*", relation: one, object }] : [])].some(
        (wanted) => tuples.has(wanted) || contextual.some((held) => keyOf(held) === keyOf(wanted)),
      ),
    );
  };

  const check = (request) => {
    authorized(request);
    const { tuple_key: tuple, contextual_tuples: contextual } = request.body ?? {};
    return { json: { allowed: allowed(tuple, contextual?.tuple_keys), resolution: "" } };
  };

  const batchCheck = (request) => {
    authorized(request);
    const { checks } = request.body ?? {};
    if (!Array.isArray(checks) || checks.length === 0) throw bad("checks is empty");
    if (checks.length > CHECKS_MAX)
      throw bad(`batchCheck received ${checks.length} checks, the maximum allowed is ${CHECKS_MAX}`);
    const ids = checks.map(({ correlation_id: id }) => id);
    if (ids.some((id) => !/^[\w-]{1,36}$/.test(id ?? ""))) throw bad("received empty or invalid correlation_id");
    if (new Set(ids).size < ids.length) throw bad("received duplicate correlation_id");
    return {
      json: {
        result: Object.fromEntries(
          checks.map((one) => [
            one.correlation_id,
            { allowed: allowed(one.tuple_key, one.contextual_tuples?.tuple_keys) },
          ]),
        ),
      },
    };
  };

  const write = (request) => {
    authorized(request);
    const adds = (request.body?.writes?.tuple_keys ?? []).map(checked);
    const removes = (request.body?.deletes?.tuple_keys ?? []).map(checked);
    for (const tuple of adds)
      if (tuple.relation === "can_view" || tuples.has(tuple))
        throw bad(`cannot write a tuple which already exists or cannot be assigned: ${keyOf(tuple)}`);
    for (const tuple of removes)
      if (!tuples.has(tuple)) throw bad(`cannot delete a tuple which does not exist: ${keyOf(tuple)}`);
    adds.forEach((tuple) => tuples.write(tuple));
    removes.forEach((tuple) => tuples.remove(tuple));
    return { json: {} };
  };

  return [
    ["POST", "/stores/:store/check", check],
    ["POST", "/stores/:store/batch-check", batchCheck],
    ["POST", "/stores/:store/write", write],
  ];
};
