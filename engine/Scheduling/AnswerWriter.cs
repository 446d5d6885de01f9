using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Streaming;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>Writes what steps have computed to the answers, and ends those that are complete. It does not choose what is computed.</summary>
/// <param name="vocabulary">Number of token ids.</param>
/// <param name="blockTables">Takes blocks back.</param>
/// <param name="drafts">Learns which guesses were right.</param>
/// <param name="text">The bytes of tokens, for stop strings; null without a tokenizer.</param>
/// <param name="counters">Counts tokens and answers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives details of failures.</param>
internal sealed class AnswerWriter(
    int vocabulary, BlockTables blockTables, DraftPlanner drafts, ITokenText? text, SchedulerCounters counters, TimeProvider time, ILogger logger)
{
    /// <summary>Appends the tokens of a step, and ends the answers that end with them.</summary>
    /// <param name="lane">The step, which has ended without a failure.</param>
    public void Write(StepLane lane)
    {
        ReadOnlySpan<SampledToken> scores = CollectionsMarshal.AsSpan(lane.Result.Scores);
        ReadOnlySpan<SequenceSlice> slices = lane.Batch.Slices;
        for (int i = 0; i < slices.Length; i++)
        {
            Sequence sequence = lane.Sequences[i];
            sequence.ComputedTokens += slices[i].Count - slices[i].Drafts.Count;
            blockTables.CacheFullBlocks(sequence);
            sequence.ReportProgress(time);
            if (slices[i].Scoring.Count is > 0 and int scored)
            {
                sequence.PromptScores!.Append(scores[..scored]);
                scores = scores[scored..];
            }

            if (slices[i].Sampling is not null)
            {
                AppendTokens(sequence, lane.Result[i], slices[i].Drafts.Count, lane.Result.Drafts(i));
            }
            else if (!sequence.WantsToken && sequence.PendingTokens == 0)
            {
                Finish(sequence, FinishReason.Length);
            }

            // Cancelled while the step was computed.
            if (sequence.CancelRequested && sequence.State != SequenceState.Finished)
            {
                Finish(sequence, FinishReason.Cancelled);
            }
        }

        if (lane.Decodes == lane.Batch.SliceCount)
        {
            drafts.RecordStep(lane.Batch.TokenCount, time.GetElapsedTime(lane.StartedAt));
        }
    }

    private void AppendTokens(Sequence sequence, ReadOnlySpan<SampledToken> tokens, int drafted, ReadOnlySpan<int> next)
    {
        if (drafted > 0)
        {
            drafts.Record(sequence, drafted, tokens.Length - 1);
        }

        for (int i = 0; i < tokens.Length; i++)
        {
            if (i > 0)
            {
                // A token before another one is an accepted draft: its keys and values were computed in this step.
                sequence.ComputedTokens++;
                blockTables.CacheFullBlocks(sequence);
            }

            if (!TryAppend(sequence, in tokens[i]))
            {
                return;
            }
        }

        if (sequence.Restrict() is { } error)
        {
            Finish(sequence, FinishReason.Error, error);
            return;
        }

        sequence.Drafts?.KeepMtp(next);
        sequence.Stream.Publish();
    }

    /// <summary>Appends a token to an answer.</summary>
    /// <returns>False if the answer ends with it.</returns>
    private bool TryAppend(Sequence sequence, in SampledToken token)
    {
        if ((uint)token.Id >= (uint)vocabulary)
        {
            SchedulerLog.NoTokenDrawn(logger, token.Id, sequence.Length);
            Finish(sequence, FinishReason.Error, "No token could be drawn: every token is forbidden, or the model's output is not a number.");
            return false;
        }

        sequence.Append(in token);
        sequence.FirstTokenAt ??= time.GetTimestamp();
        counters.AnswerTokens++;
        try
        {
            sequence.Restrictions.Advance(token.Id);
        }
        catch (ConstraintException exception)
        {
            Finish(sequence, FinishReason.Error, exception.Message);
            return false;
        }

        FinishReason reason = StopCondition.Check(sequence.Options, text, token.Id, sequence.AnswerLength, out bool isStopId);
        if (reason != FinishReason.None)
        {
            Finish(sequence, reason, endsWithStopId: isStopId);
        }

        return reason == FinishReason.None;
    }

    /// <summary>Ends an answer, and gives back its blocks.</summary>
    /// <param name="sequence">The answer; it is in no step that is computed.</param>
    /// <param name="reason">Why it ends.</param>
    /// <param name="error">What went wrong, for its reader.</param>
    /// <param name="endsWithStopId">True if its last token is a stop id.</param>
    public void Finish(Sequence sequence, FinishReason reason, string? error = null, bool endsWithStopId = false)
    {
        blockTables.Release(sequence);
        sequence.State = SequenceState.Finished;
        counters.Finished[(int)reason]++;
        sequence.Stream.Complete(new ChoiceResult(
            sequence.Options.Choice,
            sequence.Answer,
            sequence.Samples?.Slice(0, sequence.Samples.Count) ?? default,
            reason,
            endsWithStopId,
            error,
            sequence.CachedPromptTokens,
            TimingsOf(sequence))
        {
            Prompt = sequence.PromptScores?.Slice(0, sequence.PromptScores.Count) ?? default,
        });
    }

    private RequestTimings TimingsOf(Sequence sequence)
    {
        TimeSpan total = time.GetElapsedTime(sequence.SubmittedAt);
        return new RequestTimings(
            sequence.StartedAt is long started ? time.GetElapsedTime(sequence.SubmittedAt, started) : total,
            sequence.FirstTokenAt is long first ? time.GetElapsedTime(sequence.SubmittedAt, first) : null,
            total);
    }
}
