using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>
/// Adds text to the batches of a request, starting exactly where the text of the caller's ids ends. The text that is held back depends on the ids so far
/// alone, not on their division into batches, so a resumed answer has the same text. Not thread-safe.
/// </summary>
internal sealed class AnswerTextWriter(RequestSpec request, ITokenText text)
{
    private readonly StopStringSet _stops = new(request.StopStrings);
    private readonly Dictionary<int, TextStream> _streams = [];

    /// <summary>Adds the text of a batch.</summary>
    public TokenBatch Add(TokenBatch batch)
    {
        // The ids of a rejected request may be outside of the vocabulary, and a heartbeat belongs to no answer.
        if (batch.RequestError is not null || batch.IsHeartbeat)
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
        TextStream stream = new(text, _stops, request.IncludeStop, request.MinTokens);
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
