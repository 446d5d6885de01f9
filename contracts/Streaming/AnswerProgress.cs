using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Streaming;

/// <summary>The tokens of a request's unfinished answers, with which the request can continue on another silo. Not thread-safe.</summary>
internal sealed class AnswerProgress
{
    private readonly SortedDictionary<int, List<int>> _open = [];
    private string? _adapter;

    /// <summary>The progress that a request carries, or none if it starts.</summary>
    public AnswerProgress(RequestSpec request)
    {
        _adapter = request.AdapterDigest;
        if (request.Progress is { } progress)
        {
            foreach (ChoiceProgress choice in progress)
            {
                _open[choice.Choice] = [.. choice.Ids];
            }
        }
        else
        {
            // The engine refuses a request for more answers than this.
            for (int choice = 0; choice < Math.Min(request.Choices, GenerationRequest.MaxChoices); choice++)
            {
                _open[choice] = [];
            }
        }
    }

    /// <summary>True once every answer has ended.</summary>
    public bool IsComplete => _open.Count == 0;

    /// <summary>Indices of the answers that have not ended.</summary>
    public IReadOnlyCollection<int> Open => _open.Keys;

    /// <summary>Number of tokens of an unfinished answer.</summary>
    public int LengthOf(int choice) => _open[choice].Count;

    /// <summary>True if a batch starts exactly where its answer ends so far.</summary>
    public bool Continues(TokenBatch batch) =>
        batch.IsHeartbeat || batch.RequestError is not null || (_open.TryGetValue(batch.Choice, out List<int>? ids) && ids.Count == batch.Start);

    /// <summary>Adds the tokens of a batch.</summary>
    public void Add(TokenBatch batch)
    {
        _adapter ??= batch.AdapterDigest;
        if (_open.TryGetValue(batch.Choice, out List<int>? ids))
        {
            ids.AddRange(batch.Ids);
            if (batch.Finish != FinishCode.None)
            {
                _open.Remove(batch.Choice);
            }
        }

        if (batch.RequestError is not null)
        {
            _open.Clear();
        }
    }

    /// <summary>The request with the progress so far.</summary>
    public RequestSpec Continue(RequestSpec request) =>
        request with { AdapterDigest = _adapter, Progress = [.. _open.Select(static pair => new ChoiceProgress(pair.Key, [.. pair.Value]))] };
}
