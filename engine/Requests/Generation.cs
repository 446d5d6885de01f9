using HunyuanOrleans.Contracts.Requests;
namespace HunyuanOrleans.Engine.Requests;

/// <summary>A submitted request with one stream per answer.</summary>
public sealed class Generation : IGeneration
{
    private readonly ChoiceStream[] _choices;

    internal Generation(ChoiceStream[] choices, ulong seed)
    {
        _choices = choices;
        Seed = seed;
    }

    /// <summary>The answers by index. For a request that resumes answers, those it lists, in its order.</summary>
    public IReadOnlyList<ChoiceStream> Choices => _choices;

    IReadOnlyList<IChoice> IGeneration.Choices => _choices;

    /// <summary>
    /// The effective seed: the request's, or the one drawn for it. The same request with this seed gives the same tokens.
    /// </summary>
    public ulong Seed { get; }

    /// <summary>Cancels all answers.</summary>
    public void Cancel()
    {
        foreach (ChoiceStream choice in _choices)
        {
            choice.Cancel();
        }
    }

    /// <summary>Completes with all answers when the last has ended.</summary>
    public Task<ChoiceResult[]> CompletionAsync() => Task.WhenAll(Array.ConvertAll(_choices, static choice => choice.Completion));
}
