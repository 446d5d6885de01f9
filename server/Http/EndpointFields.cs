using System.Collections.Frozen;
using HunyuanOrleans.Server.Ollama;
using HunyuanOrleans.Server.Responses;

namespace HunyuanOrleans.Server.Http;

/// <summary>
/// The parameters that each endpoint knows. Others are unknown, and <see cref="Hosting.ServerOptions.UnknownParameters"/> decides what happens to
/// a request with them.
/// </summary>
internal static class EndpointFields
{
    private const string OptionsName = "options";

    /// <summary>Parameters that are accepted with any value, because they cannot change the answer.</summary>
    public static FrozenSet<string> NoEffect { get; } = Set([
        "data_parallel_rank", "metadata", "mm_processor_kwargs", "prediction", "prompt_cache_key", "prompt_cache_retention", "request_id",
        "safety_identifier", "service_tier", "store", "user",
    ]);

    /// <summary>POST /v1/chat/completions.</summary>
    public static KnownFields Chat { get; } = Known(
    [
        .. Generation, "messages", "tools", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs", "max_tokens", "max_completion_tokens",
        "functions", "function_call", "thinking_token_budget", "include_reasoning",
        .. Template,
    ]);

    /// <summary>POST /v1/completions.</summary>
    public static KnownFields Completions { get; } = Known(
    [
        .. Generation, "prompt", "suffix", "echo", "best_of", "logprobs", "max_tokens", "add_special_tokens",
    ]);

    /// <summary>POST /v1/messages and /v1/messages/count_tokens.</summary>
    public static KnownFields Messages { get; } = Known(
    [
        "model", "messages", "system", "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "tools", "tool_choice", "thinking", "output_config",
        "cache_control", "container", "context_management", "diagnostics", "inference_geo", "mcp_servers", "speed", "user_profile_id", "workspace_id", .. NoEffect,
    ]);

    /// <summary>POST /tokenize.</summary>
    public static KnownFields Tokenize { get; } = Known(
    [
        "model", "prompt", "messages", "add_special_tokens", "return_token_strs", "thinking_token_budget", "include_reasoning", "tools", "tool_choice", "parallel_tool_calls", .. Template, .. NoEffect,
    ]);

    /// <summary>POST /detokenize.</summary>
    public static KnownFields Detokenize { get; } = Known(["model", "tokens", .. NoEffect]);

    /// <summary>POST /v1/responses.</summary>
    public static KnownFields Responses { get; } = Known(
    [
        .. Generation, "input", "instructions", "previous_response_id", "max_output_tokens", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text", "include",
        "truncation", "background", "max_tool_calls", "prompt_cache_options", "chat_template_kwargs", "include_reasoning", "thinking_token_budget",
        .. ResponsesUnsupportedFields.Names,
    ]);

    /// <summary>POST /api/chat.</summary>
    public static KnownFields OllamaChat { get; } = KnownOllama("messages", "tools");

    /// <summary>POST /api/generate.</summary>
    public static KnownFields OllamaGenerate { get; } = KnownOllama("prompt", "system", "raw", "suffix", "template", "context", "images");

    /// <summary>POST /api/show.</summary>
    public static KnownFields OllamaShow { get; } = Known(["model", "name", "verbose"]);

    private static string[] Ollama =>
    [
        "model", "name", "stream", "format", "think", "keep_alive", "logprobs", "top_logprobs", "truncate", "shift", OptionsName,
    ];

    private static string[] Generation =>
    [
        "model", "stream", "stream_options", "n", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty",
        "seed", "stop", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "logit_bias", "skip_special_tokens", "cache_salt", "priority", "return_progress",
        "truncate_prompt_tokens", "min_tokens", "bad_words", "allowed_token_ids", "prompt_logprobs", "response_format", "structured_outputs",
        "guided_json", "guided_regex", "guided_choice", "guided_grammar", "grammar", "json_schema",
        .. NoEffect, .. UnsupportedFields.Names,
    ];

    private static string[] Template => ["add_generation_prompt", "continue_final_message", "chat_template", "chat_template_kwargs", "reasoning_effort"];

    private static KnownFields KnownOllama(params string[] own) => Known([.. Ollama, .. own]) with { Object = OptionsName, Nested = Set([.. OllamaOptions.Names]) };

    private static KnownFields Known(string[] names) => new(Set(names));

    private static FrozenSet<string> Set(string[] names) => names.ToFrozenSet(StringComparer.Ordinal);
}
