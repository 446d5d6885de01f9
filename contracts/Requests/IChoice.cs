namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// One answer as it is written, wherever that is: its chunks up to the one with a finish reason. One reader at a time; leaving the loop
/// early cancels the answer.
/// </summary>
public interface IChoice : IAsyncEnumerable<TokenChunk>
{
    /// <summary>Which of the request's answers, from 0.</summary>
    int Index { get; }

    /// <summary>Completes with the whole answer when it has ended, whatever the reason; it never faults.</summary>
    Task<ChoiceResult> Completion { get; }

    /// <summary>Gives the answer up; it ends with <see cref="FinishReason.Cancelled"/>. Any thread; nothing where it has ended.</summary>
    void Cancel();
}
