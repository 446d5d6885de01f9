using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>
/// Adds text to the batches of a request, from exactly where the text of the ids its caller has ends. What is held back at a moment depends on
/// the ids until then alone, not on how they were cut into batches: that is why a resumed answer has no seam. One thread.
/// </summary>
internal sealed class AnswerTextWriter(RequestSpec request, ITokenText text)
{
    private readonly StopPatterns _stops = new(request.StopStrings);
    private readonly Dictionary<int, TextStream> _streams = [];

    /// <summary>The batch with its text.</summary>
    public TokenBatch Add(TokenBatch batch)
    {
        // Ids of a request that was refused may be of no token, and news that it is alive is of no answer.
        if (batch.Refusal is not null || batch.IsEmpty)
        {
            return batch;
        }

        if (!_streams.TryGetValue(batch.Choice, out TextStream? stream))
        {
            _streams[batch.Choice] = stream = Begin(batch.Choice);
        }

        TokenChunk chunk = batch.ToChunk();
        return batch with { Text = stream.Append(chunk with { EndsWithStopId = chunk.EndsWithStopId && chunk.Ids.Length > 0 }) };
    }

    private TextStream Begin(int choice)
    {
        TextStream stream = new(text, _stops, request.IncludeStop);
        foreach (ChoiceProgress progress in request.Progress ?? [])
        {
            if (progress.Choice == choice)
            {
                stream.Append(progress.Ids);
            }
        }

        return stream;
    }
}
