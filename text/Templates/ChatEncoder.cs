using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// Encodes chats as token ids. A special token is recognised only if all of its text comes from the template, so that messages, tools and
/// variables cannot contain one. The text between special tokens is tokenised as a whole, regardless of its origin, because models were
/// trained that way. Immutable and thread-safe.
/// </summary>
public sealed class ChatEncoder
{
    private readonly Tokenizer _tokenizer;

    /// <summary>Creates an encoder for a model's tokenizer and template.</summary>
    public ChatEncoder(Tokenizer tokenizer, ChatTemplate template)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        _tokenizer = tokenizer;
        Template = template;
    }

    /// <summary>The template that renders the chats.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Reads the tokenizer and the template of a model folder.</summary>
    /// <exception cref="TextException">The tokenizer is missing, or a file is malformed.</exception>
    public static ChatEncoder Load(string directory) => new(Tokenizer.Load(directory), ChatTemplate.Load(directory));

    /// <summary>Encodes a chat. No tokens are added to what the template renders.</summary>
    /// <exception cref="TemplateException">Rendering fails, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public int[] Encode(ChatTemplateInput input) => Encode(_tokenizer, Template.RenderSegments(input));

    /// <summary>Encodes messages without tools or variables.</summary>
    /// <exception cref="TemplateException">Rendering fails, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">There is no message, or a role is unknown.</exception>
    public int[] Encode(IReadOnlyList<ChatMessage> messages) => Encode(new ChatTemplateInput { Messages = messages });

    /// <summary>Encodes a rendered chat.</summary>
    public static int[] Encode(Tokenizer tokenizer, IReadOnlyList<TemplateSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(segments);
        List<Range> fromRequest = [];
        int at = 0;
        foreach (TemplateSegment segment in segments)
        {
            if (!segment.FromTemplate)
            {
                fromRequest.Add(at..(at + segment.Text.Length));
            }

            at += segment.Text.Length;
        }

        List<int> ids = [];
        tokenizer.EncodeTemplate(string.Concat(segments.Select(static segment => segment.Text)), fromRequest.ToArray(), ids);
        return [.. ids];
    }
}
