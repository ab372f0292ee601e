package dev.graft.core.plan;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.eclipse.jgit.diff.HistogramDiff;
import org.eclipse.jgit.diff.RawText;
import org.eclipse.jgit.diff.RawTextComparator;
import org.eclipse.jgit.diff.Sequence;
import org.eclipse.jgit.merge.MergeAlgorithm;
import org.eclipse.jgit.merge.MergeChunk;
import org.eclipse.jgit.merge.MergeResult;

/** Merges texts line by line, as version control does. */
final class Texts {
  private Texts() {}

  /** The text with both changes, nothing when they touch the same lines. */
  static Optional<String> merged(String base, String theirs, String ours) {
    MergeResult<Sequence> result = merge(ended(base), ended(theirs), ended(ours));
    if (result.containsConflicts()) {
      return Optional.empty();
    }
    var merged = new StringBuilder();
    for (MergeChunk chunk : result) {
      var lines = (RawText) result.getSequences().get(chunk.getSequenceIndex());
      merged.append(lines.getString(chunk.getBegin(), chunk.getEnd(), false));
    }
    boolean endsWithBreak =
        base.endsWith("\n") == theirs.endsWith("\n") ? ours.endsWith("\n") : theirs.endsWith("\n");
    String text = merged.toString();
    return Optional.of(
        endsWithBreak || text.isEmpty() ? text : text.substring(0, text.length() - 1));
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static MergeResult<Sequence> merge(RawText base, RawText theirs, RawText ours) {
    return (MergeResult)
        new MergeAlgorithm(new HistogramDiff())
            .merge(RawTextComparator.DEFAULT, base, theirs, ours);
  }

  /** Whether the last line ends with a break must not make it another line. */
  private static RawText ended(String text) {
    return new RawText(
        (text.isEmpty() || text.endsWith("\n") ? text : text + "\n")
            .getBytes(StandardCharsets.UTF_8));
  }
}
