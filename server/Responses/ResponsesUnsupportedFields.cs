using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Responses;

/// <summary>
/// Parameters of /v1/responses, and of chats where /v1/responses has another one, that would change the answer and are not supported. A request may
/// set them to the value that has no effect.
/// </summary>
internal static class ResponsesUnsupportedFields
{
    private static readonly (string Name, string[] Neutral, string Instead)[] Fields =
    [
        ("access_programs", [], "leave it out"),
        ("add_generation_prompt", ["true"], "an answer is always a new message"),
        ("add_special_tokens", ["false"], "leave it out"),
        ("chat_template", [], "/v1/chat/completions has it"),
        ("context_management", ["[]"], "send less input"),
        ("continue_final_message", ["false"], "/v1/chat/completions has it"),
        ("conversation", [], "use previous_response_id"),
        ("echo", ["false"], "/v1/completions has it"),
        ("function_call", [], "use tool_choice"),
        ("functions", [], "use tools"),
        ("logprobs", ["false"], "/v1/chat/completions has log probabilities"),
        ("max_completion_tokens", [], "use max_output_tokens"),
        ("max_tokens", [], "use max_output_tokens"),
        ("messages", [], "use input"),
        ("moderation", [], "leave it out"),
        ("n", ["1"], "a request has one response"),
        ("prompt", [], "send its text as input"),
        ("prompt_logprobs", [], "/v1/chat/completions has log probabilities"),
        ("reasoning_effort", [], "use reasoning.effort"),
        ("response_format", [], "use text.format"),
        ("return_progress", ["false"], "/v1/chat/completions has it"),
        ("suffix", [], "the model only writes on"),
        ("top_logprobs", ["0"], "/v1/chat/completions has log probabilities"),
    ];

    /// <summary>The names of the parameters.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Fields.Select(static field => field.Name)];

    /// <summary>Throws if a request sets one of the parameters to a value with an effect.</summary>
    /// <exception cref="ApiException">The error names the parameter and what to use instead.</exception>
    public static void Refuse(RequestFields fields)
    {
        foreach ((string name, string[] neutral, string instead) in Fields)
        {
            if (UnsupportedFields.HasEffect(fields, name, neutral))
            {
                throw ApiException.Invalid(name, $"{name} is not supported here; {instead}.", "unsupported_value");
            }
        }
    }
}
