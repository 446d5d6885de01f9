using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>What the answers of a request have so far: all that is needed to go on elsewhere. One thread.</summary>
internal sealed class AnswerProgress
{
    private readonly SortedDictionary<int, List<int>> _open = [];

    /// <summary>The progress that a request begins with.</summary>
    public AnswerProgress(RequestSpec request)
    {
        if (request.Progress is { } progress)
        {
            foreach (ChoiceProgress choice in progress)
            {
                _open[choice.Choice] = [.. choice.Ids];
            }
        }
        else
        {
            // More are refused.
            for (int choice = 0; choice < Math.Min(request.Choices, GenerationRequest.MaxChoices); choice++)
            {
                _open[choice] = [];
            }
        }
    }

    /// <summary>True where every answer has ended.</summary>
    public bool IsComplete => _open.Count == 0;

    /// <summary>Answers that have not ended.</summary>
    public IReadOnlyCollection<int> Open => _open.Keys;

    /// <summary>Tokens of an open answer.</summary>
    public int LengthOf(int choice) => _open[choice].Count;

    /// <summary>True where a batch goes on exactly where its answer ends so far.</summary>
    public bool Continues(TokenBatch batch) =>
        batch.IsEmpty || batch.Refusal is not null || (_open.TryGetValue(batch.Choice, out List<int>? ids) && ids.Count == batch.Start);

    /// <summary>Takes in what a batch brings.</summary>
    public void Add(TokenBatch batch)
    {
        if (_open.TryGetValue(batch.Choice, out List<int>? ids))
        {
            ids.AddRange(batch.Ids);
            if (batch.Finish != FinishCode.None)
            {
                _open.Remove(batch.Choice);
            }
        }

        if (batch.Refusal is not null)
        {
            _open.Clear();
        }
    }

    /// <summary>The request from here on.</summary>
    public RequestSpec Continue(RequestSpec request) =>
        request with { Progress = [.. _open.Select(static pair => new ChoiceProgress(pair.Key, [.. pair.Value]))] };
}
