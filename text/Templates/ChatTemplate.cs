using HunyuanOrleans.Text.Templates.Jinja;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// Renders chats to the text a model was trained on. Immutable and thread-safe. Knows nothing of token ids: see
/// <see cref="ChatEncoder"/>.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The system prompt that the publisher uses by default. No template inserts it; callers that want it send it.</summary>
    public const string DefaultSystemPrompt = "You are a helpful assistant.";

    private readonly JinjaTemplate main;
    private readonly JinjaTemplate? withTools;
    private readonly IReadOnlyDictionary<string, string> specialTokens;

    internal ChatTemplate(JinjaTemplate main, JinjaTemplate? withTools, IReadOnlyDictionary<string, string> specialTokens, string origin)
    {
        this.main = main;
        this.withTools = withTools;
        this.specialTokens = specialTokens;
        Origin = origin;
    }

    /// <summary>Where the template came from: a file's path, "built in", or "given".</summary>
    public string Origin { get; }

    /// <summary>The source of the template that is used without tools.</summary>
    public string Source => main.Source;

    /// <summary>
    /// Reads the template of a model folder: chat_template.jinja, else chat_template in tokenizer_config.json (a string, or a list of
    /// name and template of which "default" and "tool_use" are used), else chat_template.json, else the built-in one of Hunyuan.
    /// bos_token and its like come from tokenizer_config.json and special_tokens_map.json.
    /// </summary>
    /// <exception cref="TextException">A file is malformed, or a <see cref="TemplateException"/> where the template is.</exception>
    public static ChatTemplate Load(string directory, TemplateOptions? options = null) =>
        ChatTemplateFiles.Load(directory, options ?? TemplateOptions.Default);

    /// <summary>Parses a template that is given as text.</summary>
    /// <param name="source">The template.</param>
    /// <param name="specialTokens">Names such as bos_token and what they stand for; their text counts as the template's. Null for
    /// none.</param>
    /// <param name="options">Limits and white-space rules; null for the defaults.</param>
    /// <exception cref="TemplateException">The source is not a template.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string>? specialTokens = null, TemplateOptions? options = null) =>
        new(JinjaTemplate.Parse(source, options), null, specialTokens ?? new Dictionary<string, string>(), "given");

    /// <summary>Renders a chat to one string. To encode it use <see cref="RenderSegments"/>: in one string all text looks alike.</summary>
    /// <exception cref="TemplateException">The template fails or refuses the chat (raise_exception).</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public string Render(ChatTemplateInput input) => Traced(input).Text;

    /// <summary>
    /// Renders a chat to segments that say who wrote them; neighbours differ in origin. Special tokens are meant only in segments from
    /// the template. Special tokens apart, the text is to be tokenised as one whole, across the borders of segments.
    /// </summary>
    /// <exception cref="TemplateException">The template fails or refuses the chat (raise_exception).</exception>
    /// <exception cref="TextException">There is no message, a role is unknown, or a variable is reserved.</exception>
    public IReadOnlyList<TemplateSegment> RenderSegments(ChatTemplateInput input) => Traced(input).ToSegments();

    private TracedText Traced(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        input.Validate();
        JinjaTemplate template = input.Tools is { Count: > 0 } && withTools is not null ? withTools : main;
        return template.RenderTraced((budget, scope) =>
        {
            foreach ((string name, string text) in specialTokens)
            {
                scope.Set(name, StringValue.FromTemplate(text));
            }

            ChatValues.Define(budget, scope, input);
        });
    }
}
