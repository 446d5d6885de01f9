using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// Turns chats into token ids. A special token is recognised only where it lies wholly in text of the template, so that nothing in a
/// message, a tool or a variable becomes one; between special tokens the text is tokenised as one whole, whoever wrote it, as the
/// model was trained. Immutable and thread-safe.
/// </summary>
public sealed class ChatEncoder
{
    private readonly Tokenizer tokenizer;

    /// <summary>Creates an encoder for a model's tokenizer and template.</summary>
    public ChatEncoder(Tokenizer tokenizer, ChatTemplate template)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        this.tokenizer = tokenizer;
        Template = template;
    }

    /// <summary>The template chats are rendered with.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Reads tokenizer and template of a model folder.</summary>
    /// <exception cref="TextException">The tokenizer is missing, or a file is malformed.</exception>
    public static ChatEncoder Load(string directory) => new(Tokenizer.Load(directory), ChatTemplate.Load(directory));

    /// <summary>The prompt ids of a chat; nothing is added to what the template renders.</summary>
    /// <exception cref="TemplateException">The template fails or refuses the chat.</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public int[] Encode(ChatTemplateInput input) => Encode(tokenizer, Template.RenderSegments(input));

    /// <summary>The prompt ids of messages without tools or variables.</summary>
    /// <exception cref="TemplateException">The template fails or refuses the chat.</exception>
    /// <exception cref="TextException">There is no message, or a role is unknown.</exception>
    public int[] Encode(IReadOnlyList<ChatMessage> messages) => Encode(new ChatTemplateInput { Messages = messages });

    /// <summary>The ids of a rendering.</summary>
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
