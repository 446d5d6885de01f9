using System.Text.Json;
using Json.Schema;

namespace HunyuanOrleans.TestSupport;

/// <summary>Checks JSON values against a schema with JsonSchema.Net, which shares no code with the constraint compiler.</summary>
/// <param name="schema">The schema's text. Its "format" keywords are enforced, not only noted.</param>
public sealed class JsonSchemaValidator(string schema)
{
    private static readonly EvaluationOptions Options = new() { RequireFormatValidation = true };

    private readonly JsonSchema _schema = JsonSchema.FromText(schema);

    public bool IsValid(JsonElement value) => _schema.Evaluate(value, Options).IsValid;
}
