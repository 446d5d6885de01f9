using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Chat;

/// <summary>Reads the parameters that decide how a chat becomes a prompt: chat_template, add_generation_prompt, continue_final_message.</summary>
internal static class ChatTemplateFields
{
    private const string TemplateName = "chat_template", AddName = "add_generation_prompt", ContinueName = "continue_final_message";

    /// <summary>The encoder of the model's own template, or of the request's.</summary>
    public static ChatEncoder ReadEncoder(RequestFields fields, ServedModel model, ServerOptions options)
    {
        ChatEncoder chat = model.Chat ?? throw ApiException.Invalid(
            "messages", "This model has no tokenizer, so it cannot chat. Use /v1/completions with token ids.");
        if (fields.Text(TemplateName) is not { } source)
        {
            return chat;
        }

        if (!options.AllowChatTemplate)
        {
            throw ApiException.Invalid(
                TemplateName, $"{TemplateName} is not allowed: this server uses the model's own. Its setting AllowChatTemplate allows others.", "unsupported_value");
        }

        try
        {
            return new ChatEncoder(model.Tokenizer!, chat.Template.WithSource(source));
        }
        catch (TemplateException error)
        {
            throw ApiException.Invalid(TemplateName, error.Message);
        }
    }

    /// <summary>Whether the model continues the last message.</summary>
    public static bool ReadContinueFinalMessage(RequestFields fields)
    {
        bool continues = fields.Bool(ContinueName) ?? false;
        return !continues || fields.Bool(AddName) is not true
            ? continues
            : throw ApiException.Invalid(ContinueName, $"{ContinueName} and {AddName} exclude each other.");
    }

    /// <summary>Whether the prompt ends with the start of a new message: the default, unless the last message is continued.</summary>
    public static bool ReadAddGenerationPrompt(RequestFields fields) => fields.Bool(AddName) ?? fields.Bool(ContinueName) is not true;
}
