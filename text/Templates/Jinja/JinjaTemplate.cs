using System.Text.Json;
using HunyuanOrleans.Text.Templates.Jinja.Library;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>
/// A parsed Jinja2 template. Immutable, and safe to render from several threads at once. It sees nothing but the JSON it is given, the
/// clock of its options, and its own text; it knows nothing of chats or tokens.
/// </summary>
public sealed class JinjaTemplate
{
    private static readonly Dictionary<string, JsonElement> Nothing = [];

    private readonly Stmt[] body;
    private readonly TemplateOptions options;

    private JinjaTemplate(string source, Stmt[] body, TemplateOptions options)
    {
        Source = source;
        this.body = body;
        this.options = options;
    }

    /// <summary>The template as it was given.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The text of the template.</param>
    /// <param name="options">Limits and white-space rules; null for <see cref="TemplateOptions.Default"/>.</param>
    /// <exception cref="TemplateException">The source is not a template; the message says in which line and what was expected.</exception>
    public static JinjaTemplate Parse(string source, TemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= TemplateOptions.Default;
        options.Validate();
        return new JinjaTemplate(source, TemplateParser.Parse(source, options), options);
    }

    /// <summary>Renders to one string.</summary>
    /// <param name="variables">Names the template can read.</param>
    /// <exception cref="TemplateException">The template fails, refuses, or goes past a limit of its options.</exception>
    /// <exception cref="TextException">A variable holds what is no text or number.</exception>
    public string Render(IReadOnlyDictionary<string, JsonElement> variables) => RenderTraced(Definitions(variables, null)).Text;

    /// <summary>Renders to segments that say who wrote them.</summary>
    /// <param name="variables">Names the template can read; text in them is text of the request.</param>
    /// <param name="trusted">More names, whose text counts as written by the template, such as bos_token; variables of the same name
    /// win.</param>
    /// <exception cref="TemplateException">The template fails, refuses, or goes past a limit of its options.</exception>
    /// <exception cref="TextException">A variable holds what is no text or number.</exception>
    public IReadOnlyList<TemplateSegment> RenderSegments(
        IReadOnlyDictionary<string, JsonElement> variables, IReadOnlyDictionary<string, JsonElement>? trusted = null) =>
        RenderTraced(Definitions(variables, trusted)).ToSegments();

    /// <summary>Renders with names that <paramref name="define"/> puts into the outermost scope.</summary>
    internal TracedText RenderTraced(Action<Budget, Scope> define)
    {
        RenderContext context = new(options);
        Scope globals = new(null);
        Globals.Define(context, globals);
        try
        {
            define(context.Budget, globals);
        }
        catch (EvaluationError error)
        {
            throw new TextException($"What the chat template is given cannot be used: {error.Message}.");
        }

        try
        {
            return new Interpreter(context).Render(body, new Scope(globals));
        }
        catch (EvaluationError error)
        {
            throw new TemplateException(error.Message, context.Budget.Line);
        }
    }

    private static Action<Budget, Scope> Definitions(
        IReadOnlyDictionary<string, JsonElement> variables, IReadOnlyDictionary<string, JsonElement>? trusted) => (budget, scope) =>
    {
        foreach ((string name, JsonElement value) in trusted ?? Nothing)
        {
            scope.Set(name, JsonReader.Read(budget, value, fromTemplate: true));
        }

        foreach ((string name, JsonElement value) in variables)
        {
            scope.Set(name, JsonReader.Read(budget, value, fromTemplate: false));
        }
    };
}
