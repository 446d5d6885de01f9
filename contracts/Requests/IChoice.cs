namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// The stream of one answer, up to the chunk with a finish reason. It allows one reader at a time. A reader that stops early cancels the answer.
/// </summary>
public interface IChoice : IAsyncEnumerable<TokenChunk>
{
    /// <summary>Index of the answer in the request, from 0.</summary>
    int Index { get; }

    /// <summary>Completes with the whole answer when the answer has ended for any reason. The task never fails.</summary>
    Task<ChoiceResult> Completion { get; }

    /// <summary>How far the prompt is computed; null before the answer starts, and if <see cref="GenerationRequest.ReportProgress"/> is not set.</summary>
    PromptProgress? Progress => null;

    /// <summary>Cancels the answer, which ends with <see cref="FinishReason.Cancelled"/>. Does nothing if it has ended. Thread-safe.</summary>
    void Cancel();
}
