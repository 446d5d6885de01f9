using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Contracts.Messages;

/// <summary>The progress of a prompt on the wire. <see cref="PromptProgress"/> documents the values.</summary>
/// <param name="Total">Tokens of the prompt.</param>
/// <param name="Cached">Those found in the prefix cache.</param>
/// <param name="Processed">Those computed, including the cached ones.</param>
/// <param name="Elapsed">Time since the answer started.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.prompt.progress")]
public sealed record PromptProgressMessage(
    [property: Id(0)] int Total, [property: Id(1)] int Cached, [property: Id(2)] int Processed, [property: Id(3)] TimeSpan Elapsed)
{
    /// <summary>Creates the message of a progress.</summary>
    public static PromptProgressMessage Of(PromptProgress progress) => new(progress.Total, progress.Cached, progress.Processed, progress.Elapsed);

    /// <summary>The progress.</summary>
    public PromptProgress ToProgress() => new(Total, Cached, Processed, Elapsed);
}
