using System.Text.Json;
using HunyuanOrleans.Text.Templates.Jinja.Library;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>
/// A parsed Jinja2 template. Immutable and thread-safe. A template can read only its variables and the clock of its options. This class
/// does not know chats or tokens.
/// </summary>
public sealed class JinjaTemplate
{
    private static readonly Dictionary<string, JsonElement> NoVariables = [];

    private readonly Stmt[] _body;
    private readonly TemplateOptions _options;

    private JinjaTemplate(string source, Stmt[] body, TemplateOptions options)
    {
        Source = source;
        _body = body;
        _options = options;
    }

    /// <summary>The source of the template.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The text of the template.</param>
    /// <param name="options">Limits and white-space rules; null for <see cref="TemplateOptions.Default"/>.</param>
    /// <exception cref="TemplateException">The source is malformed; the message names the line and what was expected.</exception>
    public static JinjaTemplate Parse(string source, TemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= TemplateOptions.Default;
        options.Validate();
        return new JinjaTemplate(source, TemplateParser.Parse(source, options), options);
    }

    /// <summary>Renders the template to a string.</summary>
    /// <param name="variables">The variables of the template.</param>
    /// <exception cref="TemplateException">Rendering fails, exceeds a limit of the options, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">A variable contains a string or number that is not supported.</exception>
    public string Render(IReadOnlyDictionary<string, JsonElement> variables) => RenderWithOrigins(Definitions(variables, null)).Text;

    /// <summary>Renders the template to segments that each come from the template or the request.</summary>
    /// <param name="variables">The variables of the template; their text counts as text of the request.</param>
    /// <param name="trusted">More variables, such as bos_token, whose text counts as text of the template. Entries of
    /// <paramref name="variables"/> with the same name take precedence.</param>
    /// <exception cref="TemplateException">Rendering fails, exceeds a limit of the options, or the template calls raise_exception.</exception>
    /// <exception cref="TextException">A variable contains a string or number that is not supported.</exception>
    public IReadOnlyList<TemplateSegment> RenderSegments(
        IReadOnlyDictionary<string, JsonElement> variables, IReadOnlyDictionary<string, JsonElement>? trusted = null) =>
        RenderWithOrigins(Definitions(variables, trusted)).ToSegments();

    /// <summary>Renders with the variables that <paramref name="define"/> sets in the outermost scope.</summary>
    internal OriginText RenderWithOrigins(Action<RenderBudget, Scope> define)
    {
        RenderContext context = new(_options);
        Scope globals = new(null);
        Globals.Define(context, globals);
        try
        {
            define(context.Budget, globals);
        }
        catch (EvaluationException error)
        {
            throw new TextException($"What the chat template is given cannot be used: {error.Message}.");
        }

        try
        {
            return new Interpreter(context).Render(_body, new Scope(globals));
        }
        catch (EvaluationException error)
        {
            throw new TemplateException(error.Message, context.Budget.Line);
        }
    }

    private static Action<RenderBudget, Scope> Definitions(
        IReadOnlyDictionary<string, JsonElement> variables, IReadOnlyDictionary<string, JsonElement>? trusted) => (budget, scope) =>
    {
        foreach ((string name, JsonElement value) in trusted ?? NoVariables)
        {
            scope.Set(name, JsonReader.Read(budget, value, fromTemplate: true));
        }

        foreach ((string name, JsonElement value) in variables)
        {
            scope.Set(name, JsonReader.Read(budget, value, fromTemplate: false));
        }
    };
}
