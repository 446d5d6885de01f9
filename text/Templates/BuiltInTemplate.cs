namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// The template for folders that bring none. It renders what the published template of Hunyuan-Large renders, its oddities with an
/// empty first message included: models were trained on them. A tool's answer ends as a user's message does, as in A13B's template.
/// </summary>
internal static class BuiltInTemplate
{
    public const string Source = """
        {%- for message in messages %}
            {%- if message.role == 'user' %}
                {%- if loop.index0 != 1 %}
                    {{- '<|startoftext|>' }}
                {%- elif messages[0].content == '' %}
                    {{- '<|startoftext|><|startoftext|>' }}
                {%- endif %}
                {{- message.content + '<|extra_0|>' }}
            {%- elif message.role == 'assistant' %}
                {{- message.content + '<|eos|>' }}
            {%- elif message.role == 'tool' %}
                {{- message.content + '<|extra_0|>' }}
            {%- elif loop.first and message.content != '' %}
                {{- '<|startoftext|>' + message.content + '<|extra_4|>' }}
            {%- else %}
                {{- message.content }}
            {%- endif %}
        {%- endfor %}
        """;
}
