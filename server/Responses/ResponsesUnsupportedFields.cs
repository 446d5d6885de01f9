using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Responses;

/// <summary>
/// Parameters of /v1/responses, and of chats where /v1/responses has another one, that would change the answer and are not supported. A request may
/// set them to the value that has no effect.
/// </summary>
internal static class ResponsesUnsupportedFields
{
    private static readonly (string Name, string? Neutral, string Instead)[] Fields =
    [
        ("access_programs", null, "leave it out"),
        ("add_generation_prompt", "true", "an answer is always a new message"),
        ("add_special_tokens", "false", "leave it out"),
        ("chat_template", null, "/v1/chat/completions has it"),
        ("context_management", "[]", "send less input"),
        ("continue_final_message", "false", "/v1/chat/completions has it"),
        ("conversation", null, "use previous_response_id"),
        ("echo", "false", "/v1/completions has it"),
        ("function_call", null, "use tool_choice"),
        ("functions", null, "use tools"),
        ("logprobs", "false", "/v1/chat/completions has log probabilities"),
        ("max_completion_tokens", null, "use max_output_tokens"),
        ("max_tokens", null, "use max_output_tokens"),
        ("messages", null, "use input"),
        ("moderation", null, "leave it out"),
        ("n", "1", "a request has one response"),
        ("prompt", null, "send its text as input"),
        ("prompt_logprobs", null, "/v1/chat/completions has log probabilities"),
        ("reasoning_effort", null, "use reasoning.effort"),
        ("response_format", null, "use text.format"),
        ("return_progress", "false", "/v1/chat/completions has it"),
        ("suffix", null, "the model only writes on"),
        ("top_logprobs", "0", "/v1/chat/completions has log probabilities"),
    ];

    /// <summary>The names of the parameters.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Fields.Select(static field => field.Name)];

    /// <summary>Throws if a request sets one of the parameters to a value with an effect.</summary>
    /// <exception cref="ApiException">The error names the parameter and what to use instead.</exception>
    public static void Refuse(RequestFields fields)
    {
        foreach ((string name, string? neutral, string instead) in Fields)
        {
            if (fields[name] is JsonElement value && (neutral is null || !UnsupportedFields.Equal(value, neutral)))
            {
                throw ApiException.Invalid(name, $"{name} is not supported here; {instead}.", "unsupported_value");
            }
        }
    }
}
