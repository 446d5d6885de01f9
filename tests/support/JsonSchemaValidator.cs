using System.Net.Mail;
using System.Text.Json;
using Json.Schema;

namespace HunyuanOrleans.TestSupport;

/// <summary>Checks JSON values against a schema with JsonSchema.Net, which shares no code with the constraint compiler.</summary>
/// <param name="schema">The schema's text. Its "format" keywords are enforced, not only noted.</param>
public sealed class JsonSchemaValidator(string schema)
{
    private static readonly EvaluationOptions Options = CreateOptions();

    private readonly JsonSchema _schema = JsonSchema.FromText(schema);

    public bool IsValid(JsonElement value) => _schema.Evaluate(value, Options).IsValid;

    private static EvaluationOptions CreateOptions()
    {
        EvaluationOptions options = new() { RequireFormatValidation = true };
        // The library requires a dot in the domain, RFC 5321 and the specification of JSON Schema do not.
        options.FormatRegistry.Register(new PredicateFormat("email", static value =>
            value.ValueKind != JsonValueKind.String || (MailAddress.TryCreate(value.GetString(), out MailAddress? mail) && mail.Address == value.GetString())));
        return options;
    }
}
