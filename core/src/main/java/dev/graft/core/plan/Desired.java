package dev.graft.core.plan;

import dev.graft.core.template.Release;
import org.jspecify.annotations.Nullable;

/**
 * What an installation should be, and how it may get there. Clone, upgrade, repair, going back and
 * removal differ in nothing else.
 *
 * @param release what it should be; one without resources when it should be gone
 * @param earlier the ledger that goes with it when a former state is brought back, null when the
 *     ledger follows from the release; what {@code release} has and this has not was not ours then
 */
public record Desired(Release release, Policy policy, @Nullable Ledger earlier) {
  public Desired(Release release, Policy policy) {
    this(release, policy, null);
  }

  boolean goesBack() {
    return policy.course() == Policy.Course.BACK;
  }
}
