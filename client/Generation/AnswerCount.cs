using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>Counts the tokens of a request's answers while batches become chunks. One thread.</summary>
internal sealed class AnswerCount
{
    private readonly int[] _counts;
    private readonly int _prompt;

    public AnswerCount(GenerationRequest request)
    {
        _counts = new int[Math.Clamp(request.Choices, 1, GenerationRequest.MaxChoices)];
        _prompt = request.PromptIds.Length;
        foreach (ResumedChoice resumed in request.Resume ?? [])
        {
            if ((uint)resumed.Index < (uint)_counts.Length)
            {
                _counts[resumed.Index] = resumed.Ids.Length;
            }
        }
    }

    /// <summary>The chunk of a batch.</summary>
    public AnswerChunk Take(TokenBatch batch)
    {
        _counts[batch.Choice] += batch.Ids.Length;
        TokenChunk chunk = batch.ToChunk();
        AnswerUsage? usage = chunk.Finish == FinishReason.None
            ? null
            : new AnswerUsage(_prompt, batch.Summary?.CachedPromptTokens ?? 0, _counts[batch.Choice]);
        return new AnswerChunk(batch.Choice, chunk.Ids, batch.Text ?? "", chunk.Samples, chunk.Finish, chunk.EndsWithStopId, usage);
    }
}
