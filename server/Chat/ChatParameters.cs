using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Chat;

/// <summary>What a request for an answer in a chat says, whatever API it is written for.</summary>
internal sealed record ChatParameters
{
    /// <summary>The messages of the chat, oldest first.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The tools, and whether they may or must be called.</summary>
    public required ToolChoice Tools { get; init; }

    /// <summary>What the request says about reasoning.</summary>
    public required ReasoningParameters Reasoning { get; init; }

    /// <summary>The constraint on the answer; null for none.</summary>
    public StructuredOutput? Output { get; init; }

    /// <summary>The engine's request, without the prompt. Without a limit of its own, the answer is as long as the model suggests.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>Whether the response is streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether special tokens are omitted from the text.</summary>
    public bool SkipSpecial { get; init; } = true;

    /// <summary>Whether the template adds the marker of the answer's start.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Whether the model continues the last message.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Encodes the chat; null for the model's own template.</summary>
    public ChatEncoder? Encoder { get; init; }

    /// <summary>Shortens a prompt and checks its length; null if it must fit as it is.</summary>
    public Func<int[], int[]>? Fit { get; init; }

    /// <summary>The parameter that holds the messages, for errors.</summary>
    public string MessagesName { get; init; } = "messages";

    /// <summary>The parameter that limits the length of the answer, for errors.</summary>
    public string LengthName { get; init; } = "max_tokens";

    /// <summary>Creates the job.</summary>
    /// <param name="model">The served model.</param>
    /// <param name="createFormat">Creates the format of the response.</param>
    /// <exception cref="ApiException">The template refuses the messages, or the prompt is too long.</exception>
    public GenerationJob CreateJob(ServedModel model, Func<AnswerOptions, IResponseFormat> createFormat)
    {
        int[] prompt = Encode(model);
        prompt = Fit?.Invoke(prompt) ?? prompt;
        ReasoningStart start = Reasoning.Format?.StartAfter(prompt, model.Tokenizer!, ContinueFinalMessage ? Messages[^1].Content : null)
            ?? ReasoningStart.Unknown;
        AnswerOptions answer = new(Tools, Reasoning.Format, start, Reasoning.Show);
        GenerationRequest request = Request with
        {
            PromptIds = prompt,
            MaxTokens = Request.MaxTokens ?? PromptLimits.DefaultMaxTokens(model, prompt.Length),
            Reasoning = Reasoning.Limit(model, start),
        };
        return new GenerationJob([request], createFormat(answer), Stream, SkipSpecial)
        {
            Answer = answer,
            Output = answer.AfterReasoning(Output),
            PromptParameter = MessagesName,
            LengthParameter = LengthName,
        };
    }

    /// <summary>Encodes the chat with the model's chat template.</summary>
    /// <exception cref="ApiException">The model cannot chat, or the template refuses the messages.</exception>
    public int[] Encode(ServedModel model)
    {
        ChatEncoder chat = Encoder ?? model.Chat ?? throw ApiException.Invalid(
            MessagesName, "This model has no tokenizer, so it cannot chat. Use /v1/completions with token ids.");
        try
        {
            return chat.Encode(new ChatTemplateInput
            {
                Messages = Messages,
                Tools = Tools.TemplateTools,
                AddGenerationPrompt = AddGenerationPrompt,
                ContinueFinalMessage = ContinueFinalMessage,
                Variables = Reasoning.Variables,
            });
        }
        catch (ContinuationException e)
        {
            throw ApiException.Invalid("continue_final_message", e.Message);
        }
        catch (TextException e)
        {
            throw ApiException.Invalid(e.Variable is null ? MessagesName : "chat_template_kwargs", e.Message);
        }
    }
}
