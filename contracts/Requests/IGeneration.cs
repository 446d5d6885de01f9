namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A request that was accepted. Its answers are computed whether they are read or not.</summary>
public interface IGeneration
{
    /// <summary>The answers in the order of their indices. A request that resumes has the answers of <see cref="GenerationRequest.Resume"/>, in that order.</summary>
    IReadOnlyList<IChoice> Choices { get; }

    /// <summary>The seed in effect: the request's seed, or a random one if the request has none.</summary>
    ulong Seed { get; }

    /// <summary>Cancels all answers. Thread-safe.</summary>
    void Cancel();
}
