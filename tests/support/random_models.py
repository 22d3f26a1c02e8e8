"""Random models that tests compare with transformers."""
import torch
import transformers


def random_model(config, seed):
    torch.manual_seed(seed)
    # Eager: other attention leaves soft caps out.
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    for parameter in model.parameters():  # biases start at zero: make them matter
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model
