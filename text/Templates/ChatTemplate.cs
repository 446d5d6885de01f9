using HunyuanOrleans.Text.Templates.Jinja;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// Renders chats to the text format that a model was trained on. Immutable and thread-safe. It does not know token ids: see
/// <see cref="ChatEncoder"/>.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The publisher's default system prompt. No template inserts it; callers send it if they want it.</summary>
    public const string DefaultSystemPrompt = "You are a helpful assistant.";

    private readonly JinjaTemplate _main;
    private readonly JinjaTemplate? _withTools;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;

    internal ChatTemplate(JinjaTemplate main, JinjaTemplate? withTools, IReadOnlyDictionary<string, string> specialTokens, string origin)
    {
        _main = main;
        _withTools = withTools;
        _specialTokens = specialTokens;
        Origin = origin;
    }

    /// <summary>The origin of the template: the path of a file, "built in", or "given".</summary>
    public string Origin { get; }

    /// <summary>The source of the template for chats without tools.</summary>
    public string Source => _main.Source;

    /// <summary>
    /// Reads the template of a model folder. The sources in order of precedence: chat_template.jinja; chat_template in
    /// tokenizer_config.json (a string, or a list of named templates, of which "default" and "tool_use" are used); chat_template.json; the
    /// built-in template of Hunyuan. Variables such as bos_token come from tokenizer_config.json and special_tokens_map.json.
    /// </summary>
    /// <exception cref="TextException">A file is malformed; a <see cref="TemplateException"/> if it is the template.</exception>
    public static ChatTemplate Load(string directory, TemplateOptions? options = null) =>
        ChatTemplateLoader.Load(directory, options ?? TemplateOptions.Default);

    /// <summary>Parses a template.</summary>
    /// <param name="source">The source of the template.</param>
    /// <param name="specialTokens">Special tokens by variable name, such as bos_token. Their text counts as text of the template.
    /// Null for none.</param>
    /// <param name="options">Limits and white-space rules; null for the defaults.</param>
    /// <exception cref="TemplateException">The source is malformed.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string>? specialTokens = null, TemplateOptions? options = null) =>
        new(JinjaTemplate.Parse(source, options), null, specialTokens ?? new Dictionary<string, string>(), "given");

    /// <summary>Parses another template for the same model: it has the same special tokens as variables.</summary>
    /// <param name="source">The source of the template.</param>
    /// <param name="options">Limits and white-space rules; null for the defaults.</param>
    /// <exception cref="TemplateException">The source is malformed.</exception>
    public ChatTemplate WithSource(string source, TemplateOptions? options = null) => Parse(source, _specialTokens, options);

    /// <summary>Renders a chat to a string. Use <see cref="RenderSegments"/> to encode it: a string does not contain the origin of its text.</summary>
    /// <exception cref="TemplateException">Rendering fails, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public string Render(ChatTemplateInput input) => RenderWithOrigins(input).Text;

    /// <summary>
    /// Renders a chat to segments of alternating origin. Only segments from the template contain special tokens. The text between special
    /// tokens must be tokenised as a whole, across the borders of segments.
    /// </summary>
    /// <exception cref="TemplateException">Rendering fails, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public IReadOnlyList<TemplateSegment> RenderSegments(ChatTemplateInput input) => RenderWithOrigins(input).ToSegments();

    private OriginText RenderWithOrigins(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        input.Validate();
        JinjaTemplate template = input.Tools is { Count: > 0 } && _withTools is not null ? _withTools : _main;
        OriginText text = template.RenderWithOrigins((budget, scope) =>
        {
            foreach ((string name, string text) in _specialTokens)
            {
                scope.Set(name, StringValue.FromTemplate(text));
            }

            ChatVariables.Define(budget, scope, input);
        });
        return input.ContinueFinalMessage ? text.Slice(0, EndOfFinalMessage(text, input.Messages[^1].Content!)) : text;
    }

    /// <summary>Finds the end of the last message. Many templates trim its text.</summary>
    private static int EndOfFinalMessage(OriginText text, string content) => FindLast(text, content) ?? FindLast(text, content.Trim())
        ?? throw new ContinuationException("The chat template does not write the last message as it is, so it cannot be continued.");

    /// <summary>The end of the last place where a whole text comes from the request; null if there is none.</summary>
    private static int? FindLast(OriginText text, string content)
    {
        int at = text.Text.LastIndexOf(content, StringComparison.Ordinal);
        while (at >= 0)
        {
            if (!text.FromTemplateAt(at) && text.RunEnd(at) >= at + content.Length)
            {
                return at + content.Length;
            }

            // The index of LastIndexOf is that of the last char to look at.
            at = at == 0 ? -1 : text.Text.LastIndexOf(content, at + content.Length - 2, StringComparison.Ordinal);
        }

        return null;
    }
}
