namespace HunyuanOrleans.Contracts.Messages;

/// <summary>A chat message on the wire; see <see cref="Text.Templates.ChatMessage"/> for each value.</summary>
/// <param name="Role">The speaker's role.</param>
/// <param name="Content">The message text. Special tokens in it are encoded as text.</param>
/// <param name="Name">The speaker's name; null for none.</param>
/// <param name="ReasoningContent">The reasoning of an assistant before its answer; null for none.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.chat.message")]
public sealed record ChatTurn(
    [property: Id(0)] string Role, [property: Id(1)] string? Content, [property: Id(2)] string? Name = null, [property: Id(3)] string? ReasoningContent = null);
