using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Messages;

/// <summary>
/// Translates the parameters thinking and output_config into the reasoning parameters and the response_format of a chat request. As in Anthropic's
/// API, a request without thinking has an answer without it.
/// </summary>
internal static class ThinkingTranslator
{
    private const string ThinkingName = "thinking", BudgetName = "thinking.budget_tokens", EffortName = "output_config.effort", FormatName = "output_config.format";

    private static readonly string[] Efforts = ["low", "medium", "high", "xhigh", "max"];

    /// <summary>Writes the fields, as far as the request has them.</summary>
    /// <param name="json">Receives the chat request.</param>
    /// <param name="fields">The request.</param>
    /// <param name="maxTokens">The most tokens of the answer; null if it has no limit.</param>
    /// <param name="reasons">Whether the model reasons.</param>
    /// <exception cref="ApiException">A parameter is invalid, or asks a model to reason that does not.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields fields, int? maxTokens, bool reasons)
    {
        RequestFields? output = fields.Object("output_config");
        string? effort = ReadEffort(output);
        if (fields.Object(ThinkingName) is RequestFields thinking)
        {
            Write(json, thinking, effort, maxTokens, reasons);
        }
        else
        {
            WriteDisabled(json, effort);
        }

        if (output?.Object("format") is RequestFields format)
        {
            WriteFormat(json, format);
        }
    }

    private static void Write(Utf8JsonWriter json, RequestFields thinking, string? effort, int? maxTokens, bool reasons)
    {
        switch (thinking.Text("type"))
        {
            case "disabled":
                WriteDisabled(json, effort);
                return;
            case "adaptive":
                break;
            case "enabled":
                if (!reasons)
                {
                    throw ApiException.Invalid(
                        ThinkingName, "This model does not reason; leave thinking out, or send the type \"disabled\" or \"adaptive\".", "unsupported_value");
                }

                int budget = thinking.Int("budget_tokens", 1) ?? throw ApiException.Missing(BudgetName, "a whole number from 1 on");
                if (budget >= maxTokens)
                {
                    throw ApiException.Invalid(BudgetName, $"thinking.budget_tokens is {budget}; allowed: less than max_tokens, which is {maxTokens}.");
                }

                json.WriteNumber("thinking_token_budget"u8, budget);
                effort ??= "high";
                break;
            default:
                throw ApiException.Invalid(ThinkingName, "thinking.type must be \"enabled\", \"adaptive\" or \"disabled\".");
        }

        if (effort is not null)
        {
            json.WriteString(
                "reasoning_effort"u8,
                reasons ? effort : throw ApiException.Invalid(EffortName, "This model does not reason; leave output_config.effort out.", "unsupported_value"));
        }

        bool show = thinking.Text("display") switch
        {
            null or "summarized" => true,
            "omitted" => false,
            _ => throw ApiException.Invalid(ThinkingName, "thinking.display must be \"summarized\" or \"omitted\"."),
        };
        json.WriteBoolean("include_reasoning"u8, show);
    }

    private static void WriteDisabled(Utf8JsonWriter json, string? effort)
    {
        if (effort is not null)
        {
            throw ApiException.Invalid(EffortName, "output_config.effort needs thinking of the type \"enabled\" or \"adaptive\".");
        }

        json.WriteString("reasoning_effort"u8, "none"u8);
        json.WriteBoolean("include_reasoning"u8, false);
    }

    private static string? ReadEffort(RequestFields? output)
    {
        string? effort = output?.Text("effort");
        if (effort is not null && !Efforts.Contains(effort))
        {
            throw ApiException.Invalid(EffortName, $"output_config.effort must be one of {string.Join(", ", Efforts)}.");
        }

        return effort == "max" ? "xhigh" : effort;
    }

    private static void WriteFormat(Utf8JsonWriter json, RequestFields format)
    {
        if (format.Text("type") is not "json_schema")
        {
            throw ApiException.Invalid(FormatName, "output_config.format.type must be \"json_schema\".");
        }

        JsonElement schema = format["schema"] is { ValueKind: JsonValueKind.Object } given
            ? given
            : throw ApiException.Invalid(FormatName, "output_config.format.schema must be a JSON schema, an object.");
        json.WriteStartObject("response_format"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WriteStartObject("json_schema"u8);
        json.WriteString("name"u8, "output"u8);
        json.WritePropertyName("schema"u8);
        schema.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
