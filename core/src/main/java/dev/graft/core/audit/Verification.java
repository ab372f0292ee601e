package dev.graft.core.audit;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Checks an export of the audit trail, with nothing but the export: what was changed, added,
 * removed or moved in it, and, against checkpoints from elsewhere, whether its end is missing.
 */
public final class Verification {
  private static final int FAULTS_KEPT = 100;

  private final List<String> faults = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Stated> stated = new ArrayList<>();
  private final Map<Long, List<Stated>> bySize = new HashMap<>();
  private final List<Restore> restores = new ArrayList<>();
  private int moreFaults;
  private int checkpointLine;
  private int linesWithoutCheckpoint;
  private long line;
  private long records;
  private long expected = 1;
  private long epoch = 1;
  private @Nullable String previous = ChainedRecord.GENESIS;

  private Verification() {}

  /**
   * What came of it.
   *
   * @param records how many records the export has
   * @param faults what is wrong, in sentences; nothing is wrong when there are none
   * @param notes what whoever asks should know besides
   */
  public record Report(long records, List<String> faults, List<String> notes) {
    public Report {
      faults = List.copyOf(faults);
      notes = List.copyOf(notes);
    }

    public boolean isSound() {
      return faults.isEmpty();
    }
  }

  /** A checkpoint and what the export says of it. */
  private static final class Stated {
    private final Checkpoint checkpoint;
    private boolean isThere;

    Stated(Checkpoint checkpoint) {
      this.checkpoint = checkpoint;
    }

    String name() {
      return "The checkpoint of "
          + checkpoint.at()
          + " (epoch "
          + checkpoint.epoch()
          + ", "
          + checkpoint.size()
          + " records)";
    }
  }

  /** A record that begins a new epoch, and what it says is lost. */
  private record Restore(ChainedRecord record, long lostEpoch, long lostSize) {
    boolean explains(Checkpoint lost) {
      return record.epoch() > lost.epoch()
          && record.seq() <= lost.size()
          && (lost.epoch() < lostEpoch || lost.epoch() == lostEpoch && lost.size() <= lostSize);
    }
  }

  /**
   * Checks.
   *
   * @param export the lines of the export
   * @param checkpoints lines with checkpoints from outside, null when there are none at hand
   * @param key the key that checkpoints have to be signed with, null when it is not at hand
   */
  public static Report of(
      Iterator<String> export, @Nullable Iterator<String> checkpoints, @Nullable PublicKey key) {
    var verification = new Verification();
    if (checkpoints != null) {
      checkpoints.forEachRemaining(line -> verification.readCheckpoint(line, key));
    }
    export.forEachRemaining(verification::readRecord);
    verification.conclude(checkpoints != null, key != null);
    return verification.report();
  }

  private Report report() {
    if (moreFaults > 0) {
      faults.add("And " + moreFaults + " more.");
    }
    return new Report(records, faults, notes);
  }

  private void fault(String sentence) {
    if (faults.size() < FAULTS_KEPT) {
      faults.add(sentence);
    } else {
      moreFaults++;
    }
  }

  private void readCheckpoint(String text, @Nullable PublicKey key) {
    checkpointLine++;
    if (text.isBlank()) {
      return;
    }
    if (!text.contains(Checkpoint.MARKER)) {
      linesWithoutCheckpoint++;
      return;
    }
    Optional<Checkpoint> checkpoint = Checkpoint.in(text);
    if (checkpoint.isEmpty()) {
      fault("Line " + checkpointLine + " of the checkpoints cannot be read as one.");
      return;
    }
    if (key != null && !checkpoint.get().isSignedBy(key)) {
      fault(
          "Line "
              + checkpointLine
              + " of the checkpoints is not signed by the key that was given: it was changed, or"
              + " belongs to another audit trail.");
      return;
    }
    var one = new Stated(checkpoint.get());
    stated.add(one);
    bySize.computeIfAbsent(checkpoint.get().size(), _ -> new ArrayList<>()).add(one);
  }

  private void readRecord(String text) {
    line++;
    ChainedRecord record;
    try {
      record = ChainedRecord.parse(text);
    } catch (ChainedRecord.MalformedRecord e) {
      fault("Line " + line + " is no record: " + e.why() + ".");
      // What comes after it is judged by itself.
      expected++;
      previous = null;
      return;
    }
    records++;
    checkPlace(record);
    if (!record.ownHash().equals(record.hash())) {
      fault(name(record) + " was changed: its hash is not that of its content.");
    }
    checkEpoch(record);
    expected = record.seq() + 1;
    previous = record.hash();
    for (Stated one : bySize.getOrDefault(record.seq(), List.of())) {
      one.isThere =
          one.isThere
              || one.checkpoint.epoch() == record.epoch()
                  && one.checkpoint.head().equals(record.hash());
    }
  }

  private String name(ChainedRecord record) {
    return "Record " + record.seq() + " (line " + line + ")";
  }

  private void checkPlace(ChainedRecord record) {
    if (record.seq() > expected) {
      String missing =
          record.seq() - 1 == expected
              ? "Record " + expected + " is"
              : "The records " + expected + " to " + (record.seq() - 1) + " are";
      fault(missing + " missing before line " + line + ".");
    } else if (record.seq() < expected) {
      fault(
          name(record)
              + " stands where record "
              + expected
              + " should: records were moved, repeated or added.");
    }
    if (previous != null && !record.previous().equals(previous)) {
      fault(
          name(record)
              + " does not follow the record before it: one of them was changed, added or removed.");
    }
  }

  private void checkEpoch(ChainedRecord record) {
    boolean begins = record.act().equals(ChainedRecord.RESTORED);
    if (begins ? record.epoch() <= epoch : record.epoch() != epoch) {
      fault(
          name(record)
              + " is of epoch "
              + record.epoch()
              + " after one of epoch "
              + epoch
              + ": only a record of a restore begins a new epoch, and each does.");
    }
    epoch = Math.max(epoch, record.epoch());
    if (begins) {
      restores.add(restore(record));
    }
  }

  private Restore restore(ChainedRecord record) {
    try {
      JsonNode lost = Json.parseObject(record.detail()).get("lost");
      if (lost == null || lost.isNull()) {
        return new Restore(record, 0, 0);
      }
      return new Restore(
          record, lost.required("epoch").longValue(), lost.required("size").longValue());
    } catch (MalformedJson | tools.jackson.core.JacksonException | IllegalArgumentException e) {
      fault(name(record) + " does not say what was lost.");
      return new Restore(record, 0, 0);
    }
  }

  private void conclude(boolean hasCheckpoints, boolean hasKey) {
    long farthest = 0;
    for (Stated one : stated) {
      if (one.isThere) {
        farthest = Math.max(farthest, one.checkpoint.size());
      }
    }
    for (Stated one : stated) {
      if (!one.isThere) {
        missing(one, farthest);
      }
    }
    for (Restore restore : restores) {
      notes.add(
          "Record "
              + restore.record.seq()
              + ": "
              + restore.record.actor()
              + " declared at "
              + restore.record.at()
              + " that the database was restored from a backup; epoch "
              + restore.record.epoch()
              + " begins there."
              + (restore.lostSize == 0
                  ? " Nothing is known to be lost."
                  : " Lost are the records after "
                      + (restore.record.seq() - 1)
                      + ", up to "
                      + restore.lostSize
                      + " of epoch "
                      + restore.lostEpoch
                      + "."));
    }
    if (!hasCheckpoints) {
      notes.add(
          "No checkpoints were given, so that a missing end cannot be found. Give those of the file"
              + " or log that GRAFT_AUDIT_SINK names.");
      return;
    }
    if (!hasKey) {
      notes.add(
          "No public key was given, so that the signatures of the checkpoints were not checked.");
    }
    if (stated.isEmpty() && faults.isEmpty()) {
      fault("There is no checkpoint in what was given as checkpoints.");
    }
    if (linesWithoutCheckpoint > 0) {
      notes.add(linesWithoutCheckpoint + " lines of the checkpoints are about something else.");
    }
    if (farthest < records) {
      notes.add(
          "The last "
              + (records - farthest)
              + " records are after the last checkpoint: that none is missing after them cannot be"
              + " told.");
    }
  }

  private void missing(Stated one, long farthestSigned) {
    Checkpoint lost = one.checkpoint;
    Optional<Restore> restore =
        restores.stream().filter(candidate -> candidate.explains(lost)).findFirst();
    if (restore.isPresent() && restore.get().record.seq() <= farthestSigned) {
      return;
    }
    if (restore.isPresent()) {
      fault(
          one.name()
              + " is not in the export. Record "
              + restore.get().record.seq()
              + " declares a restore, and no checkpoint shows that Graft wrote that record.");
    } else if (lost.size() > expected - 1) {
      fault(
          one.name()
              + " is not in the export, which ends at record "
              + (expected - 1)
              + ": the end is cut off, or the database was restored and nobody declared it.");
    } else {
      fault(
          one.name()
              + " does not fit: record "
              + lost.size()
              + " of the export is another one than it was, or of another epoch.");
    }
  }
}
