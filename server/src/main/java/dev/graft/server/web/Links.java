package dev.graft.server.web;

import dev.graft.server.install.Failure;
import dev.graft.server.link.Keys;
import dev.graft.server.link.Linking;
import dev.graft.vault.OriginalRecord;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.util.List;
import java.util.Set;

/** Links from a request's body, and says in words what came of it. */
final class Links {
  private static final Set<String> REGIONS = Set.of("us", "eu");

  private final Linking linking;
  private final Keys keys;

  Links(Linking linking, Keys keys) {
    this.linking = linking;
    this.keys = keys;
  }

  Linking.Result.Linked link(Body body) {
    String userId = body.userId();
    String region =
        body.optional("region", "INVALID_REGION", "'us' or 'eu', or left out")
            .filter(name -> {
              if (!REGIONS.contains(name)) {
                throw new Problem(
                    400, "INVALID_REGION", "'region' must be 'us' or 'eu', or left out.");
              }
              return true;
            })
            .orElse(null);
    try (Secret key = key(body)) {
      return switch (linking.link(userId, key, region)) {
        case Linking.Result.Linked linked -> linked;
        case Linking.Result.Refused(var messages) -> throw refused(messages);
        case Linking.Result.Unclear(var reply) -> throw Problem.of(Failure.unclear(reply));
        case Linking.Result.OtherOrg(var account) ->
            throw new Problem(
                    409,
                    "ACCOUNT_MISMATCH",
                    "This key opens another Vapi organisation than the one in which this user already"
                        + " has clones, so it was not stored. Link a key of the same organisation, or"
                        + " link the other organisation under another userId.")
                .with("account", account.id());
        case Linking.Result.Unproven(var account) ->
            throw new Problem(
                    409,
                    "ACCOUNT_MISMATCH",
                    "Nothing shows that this key opens the Vapi organisation in which this user"
                        + " already has clones: none of them is visible to it. It was not stored. Link"
                        + " a key of the same organisation, or link this one under another userId.")
                .with("account", account.id());
      };
    }
  }

  /** The key, in clear or as the product that Graft comes from had sealed it. */
  private Secret key(Body body) {
    if (!body.has("sealedApiKey")) {
      return body.apiKey();
    }
    String record =
        body.optional(
                "sealedApiKey", "INVALID_API_KEY", "a record of the form iv:authTag:ciphertext")
            .filter(OriginalRecord::looksLikeOne)
            .orElseThrow(() ->
                new Problem(
                    400,
                    "INVALID_API_KEY",
                    "'sealedApiKey' must be a record of the form iv:authTag:ciphertext in hex."));
    try {
      return keys.openOriginal(record)
          .orElseThrow(() ->
              new Problem(
                  409,
                  "MASTER_KEY_NOT_SET",
                  "A sealed key can only be taken over with the master key that sealed it: start"
                      + " Graft with it as GRAFT_MASTER_KEY or MASTER_KEY."));
    } catch (VaultException e) {
      throw new Problem(400, "INVALID_API_KEY", String.valueOf(e.getMessage()));
    }
  }

  private static Problem refused(List<String> messages) {
    return new Problem(
        401,
        "UNAUTHORIZED",
        "Vapi does not accept this API key"
            + Failure.said(messages)
            + " It was not stored. Copy a private key from the Vapi dashboard (API Keys) and link it"
            + " again; a public key does not work.");
  }
}
