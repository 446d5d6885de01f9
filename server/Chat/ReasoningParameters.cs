using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Answers;

namespace HunyuanOrleans.Server.Chat;

/// <summary>
/// What a request says about reasoning: reasoning_effort, include_reasoning, thinking_token_budget, and the variables of the chat template that
/// switch it.
/// </summary>
/// <param name="Format">How the model marks its reasoning; null if it does not reason.</param>
/// <param name="Show">Whether the response contains the reasoning.</param>
/// <param name="Budget">The most tokens of reasoning; null for no limit.</param>
/// <param name="Variables">The variables of the chat template; null for none.</param>
internal sealed record ReasoningParameters(ReasoningFormat? Format, bool Show, int? Budget, IReadOnlyDictionary<string, JsonElement>? Variables)
{
    private const string EffortName = "reasoning_effort", ThinkingName = "enable_thinking", BudgetName = "thinking_token_budget", VariablesName = "chat_template_kwargs";

    private static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];

    /// <summary>Reads the parameters.</summary>
    /// <exception cref="ApiException">A parameter is invalid, or asks a model to reason that does not.</exception>
    public static ReasoningParameters Read(RequestFields fields, ServedModel model, ServerOptions options) =>
        Read(fields, fields.Text(EffortName), EffortName, model, options);

    /// <summary>Reads the parameters of a request that names the effort in its own way.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="effort">The effort; null if none was given.</param>
    /// <param name="effortName">The name of the parameter that holds it.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's options.</param>
    /// <exception cref="ApiException">A parameter is invalid, or asks a model to reason that does not.</exception>
    public static ReasoningParameters Read(RequestFields fields, string? effort, string effortName, ServedModel model, ServerOptions options)
    {
        ReasoningFormat? format = options.FindReasoning(model);
        Dictionary<string, JsonElement>? variables = ReadVariables(fields);
        if (effort is not null)
        {
            if (!Efforts.Contains(effort))
            {
                throw ApiException.Invalid(effortName, $"{effortName} must be one of {string.Join(", ", Efforts)}.");
            }

            if (format is null && effort != Efforts[0])
            {
                throw ApiException.Invalid(effortName, $"This model does not reason; leave {effortName} out, or send \"none\".", "unsupported_value");
            }

            variables ??= [];
            variables.TryAdd(EffortName, JsonElement.Parse($"\"{(format is { IsHyV3: true } ? HyV3Effort(effort) : effort)}\""));
            variables.TryAdd(ThinkingName, JsonElement.Parse(effort == Efforts[0] ? "false" : "true"));
        }

        int? budget = fields.Int(BudgetName, 0);
        if (budget is not null && format is null)
        {
            throw ApiException.Invalid(BudgetName, "This model does not reason; leave thinking_token_budget out.", "unsupported_value");
        }

        return new ReasoningParameters(format, fields.Bool("include_reasoning") ?? true, budget, variables);
    }

    /// <summary>The limit of the reasoning of an answer; null for none.</summary>
    /// <param name="model">The served model.</param>
    /// <param name="start">Where the prompt lets the answer begin.</param>
    public ReasoningLimit? Limit(ServedModel model, ReasoningStart start) => Budget is null || Format is null || start == ReasoningStart.After
        ? null
        : new ReasoningLimit(Budget.Value, start is ReasoningStart.Inside or ReasoningStart.Continued ? null : Format.Open, Format.Close, model.Tokenizer!.Encode(Format.ForcedClose, parseSpecial: true));

    // The template knows three.
    private static string HyV3Effort(string effort) => effort switch
    {
        "none" => "no_think",
        "minimal" or "low" => "low",
        _ => "high",
    };

    private static Dictionary<string, JsonElement>? ReadVariables(RequestFields fields) => fields[VariablesName] switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => g.Last().Value.Clone()),
        { } other => throw ApiException.InvalidType(VariablesName, "an object", RequestFields.Kind(other)),
    };
}
