namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A request that was accepted, wherever it is served: its answers are computed whether they are read or not.</summary>
public interface IGeneration
{
    /// <summary>The answers by index; of a request that resumes, those it lists, in its order.</summary>
    IReadOnlyList<IChoice> Choices { get; }

    /// <summary>The seed in effect: the request's, or the one drawn for it.</summary>
    ulong Seed { get; }

    /// <summary>Gives all answers up. Any thread.</summary>
    void Cancel();
}
