using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Client;

/// <summary>Converts the batches of one request to chunks and counts the tokens of its answers. Not thread-safe.</summary>
internal sealed class AnswerChunkFactory
{
    private readonly int[] _answerTokens;
    private readonly int _promptTokens;

    /// <summary>Starts with the tokens of the answers that the request resumes.</summary>
    public AnswerChunkFactory(GenerationRequest request)
    {
        _answerTokens = new int[Math.Clamp(request.Choices, 1, GenerationRequest.MaxChoices)];
        _promptTokens = request.PromptIds.Length;
        foreach (ResumedChoice resumed in request.Resume ?? [])
        {
            if ((uint)resumed.Index < (uint)_answerTokens.Length)
            {
                _answerTokens[resumed.Index] = resumed.Ids.Length;
            }
        }
    }

    /// <summary>Creates the chunk of the next batch. The last chunk of an answer carries its usage.</summary>
    public AnswerChunk Create(TokenBatch batch)
    {
        _answerTokens[batch.Choice] += batch.Ids.Length;
        TokenChunk chunk = batch.ToChunk();
        AnswerUsage? usage = chunk.Finish == FinishReason.None
            ? null
            : new AnswerUsage(_promptTokens, batch.Summary?.CachedPromptTokens ?? 0, _answerTokens[batch.Choice]);
        return new AnswerChunk(batch.Choice, chunk.Ids, batch.Text ?? "", chunk.Samples, chunk.Finish, chunk.EndsWithStopId, usage);
    }
}
